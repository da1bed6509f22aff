import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EndReason, type GetAnalysisRunLogsResponse, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type Sea, startSea } from "./sea.ts";

/** Collects the messages of a stream. `until` waits for a text in them. */
function collect(stream: AsyncIterable<GetAnalysisRunLogsResponse>) {
  const messages: GetAnalysisRunLogsResponse[] = [];
  let waiting: (() => void)[] = [];
  const notify = (): void => {
    const waiters = waiting;
    waiting = [];
    for (const each of waiters) each();
  };
  const done = (async () => {
    try {
      for await (const message of stream) {
        messages.push(message);
        notify();
      }
    } finally {
      notify();
    }
  })();
  const text = (): string => messages.map(({ chunk }) => chunk).join("");
  return {
    messages,
    done,
    text,
    until: async (wanted: string) => {
      while (!text().includes(wanted)) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    notices: () => messages.flatMap(({ event }) => (event.case === "notice" ? [event.value.kind] : [])),
    end: () => messages.flatMap(({ event }) => (event.case === "end" ? [event.value] : []))[0],
  };
}

const time = (ms: number): string => new Date(Date.parse("2026-01-01T00:00:00Z") + ms).toISOString();

describe("the log of a running job", () => {
  let sea: Sea;
  beforeAll(async () => {
    sea = await startSea();
  });
  afterAll(() => sea.close());

  it("is followed until the job ends, and is then complete", async () => {
    const run = sea.addRun();
    run.log.append(time(0), "one\n");
    const read = collect(sea.read({ ...ref(run), follow: true }));
    await read.until("one\n");
    run.log.append(time(1), "two\nthree\n");
    await read.until("three\n");
    run.log.append(time(2), "fo");
    run.log.append(time(3), "ur\n");
    run.end();
    await read.done;
    expect(read.text()).toBe("one\ntwo\nthree\nfour\n");
    expect(read.end()).toMatchObject({ reason: EndReason.COMPLETE, headMissing: false, lines: 4n });
    expect(read.notices()).toEqual([]);
  });

  it.each(["breaks", "ends"] as const)(
    "loses and repeats no line if the connection %s, even within a line",
    async (how) => {
      const run = sea.addRun();
      for (let index = 0; index < 40; index += 1) run.log.append(time(Math.floor(index / 10)), `line ${index} Größe\n`);
      for (const bytes of [0, 1, 33, 170, 171, 400, 401, 402]) run.log.cutAfter(bytes, how);
      const read = collect(sea.read({ ...ref(run), follow: true }));
      await read.until("line 39 Größe\n");
      run.end();
      await read.done;
      expect(read.text()).toBe(Array.from({ length: 40 }, (_, index) => `line ${index} Größe\n`).join(""));
      expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    },
  );

  it("resumes after each message on another replica", async () => {
    const run = sea.addRun();
    const read = collect(sea.read({ ...ref(run), follow: true }));
    let whole = "";
    for (let index = 0; index < 12; index += 1) {
      const line = `line ${index}${index % 3 === 0 ? "" : "\n"}`;
      whole += line;
      // Some times are equal, and one steps back.
      run.log.append(time([0, 0, 0, 5, 4, 5, 5, 9, 9, 9, 9, 9][index] ?? 0), line);
      await read.until(whole);
    }
    run.end();
    await read.done;
    expect(read.text()).toBe(whole);
    for (const [index, { cursor }] of read.messages.entries()) {
      if (cursor === "") continue;
      const before = read.messages
        .slice(0, index + 1)
        .map(({ chunk }) => chunk)
        .join("");
      const rest = collect(sea.read({ ...ref(run), follow: true, cursor }, 1));
      await rest.done;
      expect(before + rest.text()).toBe(whole);
      expect(rest.end()?.reason).toBe(EndReason.COMPLETE);
    }
  });

  it("continues in the archive at the same line when its pod is deleted", async () => {
    const run = sea.addRun();
    run.log.append(time(0), "one\ntwo\nthr");
    const read = collect(sea.read({ ...ref(run), follow: true }));
    await read.until("one\ntwo\n");
    run.archive("one\ntwo\nthree\nfour\n");
    run.end();
    run.removePod();
    run.log.cut("ends");
    await read.done;
    expect(read.text()).toBe("one\ntwo\nthree\nfour\n");
    expect(read.notices()).toEqual([NoticeKind.SOURCE_CHANGED]);
    expect(read.end()).toMatchObject({ reason: EndReason.COMPLETE, lines: 4n });
    const last = read.messages.findLast(({ chunk }) => chunk !== "");
    expect(last?.chunk.endsWith("four\n")).toBe(true);
  });

  it("shows a seam if the archive has another text, then all of that text", async () => {
    const run = sea.addRun();
    run.log.append(time(0), "one\ntwo\n");
    const read = collect(sea.read({ ...ref(run), follow: true }));
    await read.until("one\ntwo\n");
    run.archive("eins\nzwei\ndrei\n");
    run.end();
    run.removePod();
    run.log.cut("ends");
    await read.done;
    expect(read.text()).toBe("one\ntwo\neins\nzwei\ndrei\n");
    expect(read.notices()).toEqual([NoticeKind.SEAM]);
  });

  it("reports lines that were rotated away in the meantime", async () => {
    const run = sea.addRun();
    run.log.append(time(0), "one\ntwo\n");
    const read = collect(sea.read({ ...ref(run), follow: true }));
    await read.until("one\ntwo\n");
    run.log.cut("breaks");
    run.log.append(time(60_000), "three\n");
    run.log.append(time(61_000), "four\n");
    run.log.rotate(1);
    await read.until("four\n");
    run.end();
    await read.done;
    expect(read.text()).toBe("one\ntwo\nfour\n");
    expect(read.notices()).toEqual([NoticeKind.LINES_LOST]);
  });
});

function ref({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  return { namespace, name };
}
