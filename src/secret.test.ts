import { format, inspect } from "node:util";
import { pino } from "pino";
import { expect, it } from "vitest";
import { Secret } from "./secret.ts";

const TOKEN = "hunter2-planted";

it("shows nothing of itself, however it is printed", () => {
  const secret = new Secret(TOKEN);
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  log.info({ secret, nested: { list: [secret] }, err: Object.assign(new Error("failed"), { secret }) }, "a line");
  const shown = [
    `${secret}`,
    `joined ${secret}`,
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: 9, getters: true }),
    inspect({ a: [secret] }, { showHidden: true, depth: 9 }),
    format("%s %o %j", secret, secret, secret),
    Object.entries(secret).join(),
    JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
    JSON.stringify(structuredClone({ ...secret })),
    ...lines,
  ];
  expect(shown.join("\n")).not.toContain(TOKEN);
  expect(String(secret)).toBe("[secret]");
});

it("reveals itself when asked to", () => {
  expect(new Secret(TOKEN).reveal()).toBe(TOKEN);
});
