import { gzipSync } from "node:zlib";
import { type CallOptions, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AnalysisRunLogService,
  EndReason,
  type GetAnalysisRunLogsRequest,
  type GetAnalysisRunLogsResponse,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { storedFile } from "../fakes/stored-file.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import { useWorld } from "./world.ts";

type Request = Omit<Partial<GetAnalysisRunLogsRequest>, "$typeName">;

/** Lines of several lengths, some not in ASCII, of which some match; more than one message long. */
function text(bytes: number): string {
  let log = "";
  for (let line = 1; log.length < bytes; line += 1) {
    const level = line % 97 === 0 ? "ERROR" : "info";
    log += `2026-01-01T00:${String(Math.floor(line / 60_000) % 60).padStart(2, "0")}:${String(Math.floor(line / 1_000) % 60).padStart(2, "0")}Z ${level} line ${line} Größe ${"x".repeat((line * 37) % 120)}\n`;
  }
  return log;
}

/** A number of each line that came, and its text, as a client sees them. */
function linesOf(messages: readonly GetAnalysisRunLogsResponse[]): string {
  return messages.map(({ chunk }) => chunk).join("");
}

describe("a log that is gone on with behind any of its messages", () => {
  const world = useWorld();
  const [protocol] = PROTOCOLS;
  if (protocol === undefined) throw new Error("There is no protocol.");

  async function read(
    request: Request,
    options: CallOptions = as(TOKENS.reader),
  ): Promise<GetAnalysisRunLogsResponse[]> {
    const client = createClient(AnalysisRunLogService, world().transport(protocol as (typeof PROTOCOLS)[number]));
    const messages: GetAnalysisRunLogsResponse[] = [];
    for await (const message of client.getAnalysisRunLogs(request, options)) messages.push(message);
    return messages;
  }

  const LOG = text(1_500_000);
  const utf16 = Buffer.from(`\ufeff${LOG.slice(0, 400_000)}`, "utf16le");
  const STORES = [
    { name: "of which the store gives parts", file: () => storedFile(LOG) },
    { name: "of which the store gives all or nothing", file: () => storedFile(LOG, { ranges: false }) },
    { name: "that begins with a mark", file: () => storedFile(`\ufeff${LOG}`) },
    { name: "that is compressed", file: () => storedFile(gzipSync(LOG)) },
    { name: "in UTF-16", file: () => storedFile(utf16) },
    {
      name: "with bytes that are no text",
      file: () => storedFile(Buffer.from(LOG.replaceAll("Größe", "\u00ff"), "latin1")),
    },
    { name: "without a last line feed", file: () => storedFile(LOG.slice(0, -1)) },
  ];
  const WISHES: readonly (readonly [string, Request])[] = [
    ["all of it", {}],
    ["from line 5000 on", { firstLine: 5_000n }],
    ["its last 3000 lines", { tailLines: 3_000n }],
    ["what matches", { grep: grep("ERROR") }],
    ["what matches, with context", { grep: grep("line \\d+97 ", { fixed: false, before: 2, after: 3 }) }],
    ["what does not match", { grep: grep("ERROR", { invert: true }) }],
  ];

  function grep(pattern: string, more: object = {}) {
    return { pattern, fixed: true, ignoreCase: false, invert: false, before: 0, after: 0, ...more } as NonNullable<
      Request["grep"]
    >;
  }

  describe.each(STORES)("$name", ({ file }) => {
    it.each(WISHES)("gives %s, and nothing twice", async (_name, wish) => {
      const request = { ...world().addLog(file().answer), ...wish };
      const direct = await read(request);
      const end = direct.at(-1)?.event;
      expect(end?.case === "end" && end.value.reason).toBe(EndReason.COMPLETE);
      const whole = linesOf(direct);
      const cursors = direct.filter(({ cursor }) => cursor !== "");
      expect(cursors.length).toBeGreaterThan(0);
      for (const [index, message] of direct.entries()) {
        if (message.cursor === "") continue;
        const before = linesOf(direct.slice(0, index + 1));
        const rest = await read({ ...request, cursor: message.cursor });
        const gone = before + linesOf(rest);
        expect(gone.length).toBe(whole.length);
        expect(gone === whole).toBe(true);
        const next = direct.slice(index + 1).find(({ chunk }) => chunk !== "");
        const resumed = rest.find(({ chunk }) => chunk !== "");
        expect([resumed?.firstLine, resumed?.lineRuns[0]?.firstLine]).toEqual([
          next?.firstLine,
          next?.lineRuns[0]?.firstLine,
        ]);
      }
    });
  });
});
