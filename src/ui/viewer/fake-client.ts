import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  AnalysisPhase,
  EndReason,
  EndSchema,
  LineNumbers,
  NoticeKind,
  NoticeSchema,
  OriginSchema,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { TaffrailClient } from "../../client/client.ts";
import type { LogChunk, LogEvent } from "../../client/log-event.ts";
import { sleep } from "../../client/sleep.ts";

/** One step of a scripted log. */
export type Scene =
  /** Text or bytes of the log. */
  | { readonly kind: "text"; readonly text: string | Uint8Array; readonly container?: string }
  | {
      readonly kind: "notice";
      readonly notice: keyof typeof NoticeKind;
      readonly message: string;
      readonly source?: string;
    }
  /** A pause in milliseconds. */
  | { readonly kind: "pause"; readonly ms: number }
  /** The connection breaks and the log is resumed. */
  | { readonly kind: "break" }
  | { readonly kind: "end"; readonly reason: keyof typeof EndReason }
  /** The call fails, after an end if there was one. */
  | { readonly kind: "fail"; readonly message: string };

/** Maximum bytes of a message. */
const MESSAGE_BYTES = 128 * 1024;
const LINE_FEED = 10;

/**
 * A client with scripted logs: for tests, and to show the viewer without a server.
 *
 * @param scenesOf returns a run's log by its name.
 */
export function createFakeClient(
  scenesOf: (name: string) => Iterable<Scene> | AsyncIterable<Scene>,
): Pick<TaffrailClient, "getAnalysisRunLogs"> {
  return {
    async *getAnalysisRunLogs(request, { signal, onState = () => {} } = {}) {
      onState({ kind: "connecting" });
      const encoder = new TextEncoder();
      let line = 1;
      let total = 0;
      let broken = 0;
      yield { kind: "origin", origin: origin(request.name ?? "") } satisfies LogEvent;
      onState({ kind: "streaming" });
      for await (const scene of scenesOf(request.name ?? "")) {
        signal?.throwIfAborted();
        if (scene.kind === "pause") await sleep(scene.ms, signal);
        else if (scene.kind === "fail") throw new ConnectError(scene.message, Code.Unavailable);
        else if (scene.kind === "break") {
          const error = new ConnectError("The connection broke.", Code.Unavailable);
          onState({ kind: "waiting", for: "server", tries: 1, of: 8, delayMs: 1_500, error });
          await sleep(1_500, signal);
          onState({ kind: "streaming" });
          broken += 1;
          yield { kind: "resumed", origin: origin(request.name ?? ""), line, bytes: total, times: broken };
        } else if (scene.kind === "notice") {
          yield {
            kind: "notice",
            notice: create(NoticeSchema, {
              message: scene.message,
              source: scene.source ?? "",
              kind: NoticeKind[scene.notice],
            }),
          };
        } else if (scene.kind === "end") {
          const end = create(EndSchema, {
            reason: EndReason[scene.reason],
            lines: BigInt(line - 1),
            bytes: BigInt(total),
          });
          yield { kind: "end", end, cursor: "" };
        } else {
          const bytes = typeof scene.text === "string" ? encoder.encode(scene.text) : scene.text;
          for (let from = 0; from < bytes.length; from += MESSAGE_BYTES) {
            const part = bytes.subarray(from, from + MESSAGE_BYTES);
            yield chunk(part, line, total, scene.container ?? "");
            for (let at = part.indexOf(LINE_FEED); at !== -1; at = part.indexOf(LINE_FEED, at + 1)) line += 1;
            total += part.length;
          }
        }
      }
      onState({ kind: "ended" });
    },
  };
}

function chunk(bytes: Uint8Array, firstLine: number, offset: number, containerName: string): LogChunk {
  return { kind: "chunk", bytes, firstLine, runs: [], containerName, attempt: 0, offset, cursor: "" };
}

function origin(name: string) {
  const about: MessageInitShape<typeof OriginSchema> = {
    metricName: "integration-test",
    attempt: 1,
    containerName: name,
    source: "fake",
    attemptPhase: AnalysisPhase.FAILED,
    lineNumbers: LineNumbers.ABSOLUTE,
  };
  return create(OriginSchema, about);
}
