import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  AnalysisPhase,
  AnalysisRunLogService,
  EndReason,
  GetAnalysisRunLogsResponseSchema,
  GetAnalysisRunResponseSchema,
  GetCallerResponseSchema,
  GetServerInfoResponseSchema,
  ListAnalysisRunsResponseSchema,
  ListProjectsResponseSchema,
  NoticeSchema,
  OriginSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { runInProcess } from "../../test/fakes/cli.ts";
import { type RunningServer, serveScript } from "../../test/fakes/serve-script.ts";

/** Writes to the clipboard, sets the title, turns the direction of text, returns to the line's start, in C0 and C1. */
const HOSTILE = "x\x1b]52;c;cm0gLXJmIH4K\x07\x1b]0;t\x1b\\\u202ey\u2066\r\n\u009b2J\x7f\u2028\u200fz";
const MAX_DEPTH = 5;

/** A message whose texts are all hostile, with one element in each list. */
function hostile<Desc extends DescMessage>(desc: Desc, depth = 0): MessageShape<Desc> {
  const message = create(desc);
  fill(reflect(desc, message), depth);
  return message;
}

function fill(message: ReflectMessage, depth: number): void {
  for (const field of message.fields) {
    if (field.fieldKind === "scalar") {
      if (typeof message.get(field) === "string") message.set(field, HOSTILE);
      else if (typeof message.get(field) === "boolean") message.set(field, false);
      else if (typeof message.get(field) === "number") message.set(field, 1);
    } else if (field.fieldKind === "enum") {
      message.set(
        field,
        field.enum === AnalysisRunLogService.file.enums.find(({ name }) => name === "AnalysisPhase")
          ? AnalysisPhase.FAILED
          : 1,
      );
    } else if (depth >= MAX_DEPTH) {
    } else if (field.fieldKind === "message" && !field.message.typeName.startsWith("google.")) {
      message.set(field, reflect(field.message, hostile(field.message, depth + 1)));
    } else if (field.fieldKind === "list") {
      const list = message.get(field);
      if (field.listKind === "message") list.add(reflect(field.message, hostile(field.message, depth + 1)));
      else if (field.listKind === "scalar") list.add(HOSTILE);
      else list.add(1);
    }
  }
}

let server: RunningServer;
beforeAll(async () => {
  server = await serveScript((router) => {
    router.service(AnalysisRunLogService, {
      getAnalysisRun: () => hostile(GetAnalysisRunResponseSchema),
      listAnalysisRuns: () => hostile(ListAnalysisRunsResponseSchema),
      listProjects: () => hostile(ListProjectsResponseSchema),
      getCaller: () => hostile(GetCallerResponseSchema),
      getServerInfo: () => hostile(GetServerInfoResponseSchema),
      async *getAnalysisRunLogs() {
        const origin = { case: "origin", value: hostile(OriginSchema) } as const;
        const notice = { case: "notice", value: hostile(NoticeSchema) } as const;
        for (const event of [origin, notice]) yield create(GetAnalysisRunLogsResponseSchema, { event });
        yield create(GetAnalysisRunLogsResponseSchema, {
          chunk: `${HOSTILE}\nAssertionError: ${HOSTILE}\n`,
          containerName: HOSTILE,
        });
        yield create(GetAnalysisRunLogsResponseSchema, {
          event: { case: "end", value: { reason: EndReason.COMPLETE } },
        });
      },
    });
  });
});
afterAll(() => server.stop());

it.each([
  ["why", "a-run"],
  ["why", "@failed"],
  ["runs"],
  ["runs", "--failed"],
  ["runs", "-o", "name"],
  ["runs", "-o", "json"],
  ["logs", "a-run"],
  ["logs", "@failed", "--all-containers"],
  ["logs", "a-run", "-o", "json"],
  ["open", "@latest"],
  ["whoami"],
  ["whoami", "-o", "json"],
  ["link", "@latest", "-L", "1"],
  ["link", "a-run", "-o", "json"],
])("prints nothing that a terminal would act on: taffrail %s %s %s", async (...args) => {
  const { out, said } = await runInProcess(
    [...args, ...(args[0] === "whoami" ? [] : ["-n", "shop"]), "--server", `http://127.0.0.1:${server.port}`],
    {
      env: { TAFFRAIL_TOKEN: "a-token" },
      isTTY: true,
    },
  );
  // Colours are allowed in logs alone, and the log has none.
  const printed = [...out.split("\n"), ...said];
  expect(
    printed.filter((line) => /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(line.replaceAll("\t", ""))),
  ).toEqual([]);
  expect(printed.join("").length).toBeGreaterThan(0);
});

it("completes no name that a terminal would act on", async () => {
  const words = ["complete", "--", "logs", "-n", "shop", "--server", `http://127.0.0.1:${server.port}`, ""];
  const env = { TAFFRAIL_TOKEN: "a-token" };
  const { out } = await runInProcess(words, { env, timer: () => () => {} });
  expect(out).toBe("@failed\n@latest\n");
});
