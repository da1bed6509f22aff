import { describe, expect, it } from "vitest";
import { LogStates } from "./log-states.ts";

const place = { kind: "bytes", offset: 0, fingerprint: { length: 0, hash: "" } } as const;
const stateAt = (line: number) => ({ position: { source: "pods", place, line } });

describe("how far logs were read", () => {
  it("is what it was at each snapshot, however many logs and changes follow", () => {
    const states = new LogStates({ first: "ended" });
    const expected = new Map<string, unknown>([["first", "ended"]]);
    const taken: { readonly snapshot: () => object; readonly states: object }[] = [];
    for (let line = 1; line < 1_000; line += 1) {
      const key = `log-${line % 40}`;
      states.set(key, stateAt(line));
      expected.set(key, stateAt(line));
      taken.push({ snapshot: states.snapshot(), states: Object.fromEntries(expected) });
    }
    for (const each of taken) expect(each.snapshot()).toEqual(each.states);
  });
});
