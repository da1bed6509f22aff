import type { GetAnalysisRunLogsResponse, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type ToldError, toldError } from "./read-log.ts";

/** The messages of a log received so far, and ways to wait for more. */
export interface CollectedLog {
  readonly messages: readonly GetAnalysisRunLogsResponse[];
  /** Settles when the call has ended, even with an error. */
  readonly done: Promise<void>;
  /** The call's error. */
  readonly error: ToldError | undefined;
  text(): string;
  /** The kinds of the notices. */
  notices(): readonly NoticeKind[];
  /** The messages of the notices. */
  said(): readonly string[];
  end(): Extract<GetAnalysisRunLogsResponse["event"], { case: "end" }>["value"] | undefined;
  origin(): Extract<GetAnalysisRunLogsResponse["event"], { case: "origin" }>["value"] | undefined;
  /** Settles when this text was received. */
  until(text: string): Promise<void>;
  /** Settles when a notice contains this text. */
  untilSaid(text: string): Promise<void>;
}

/** Reads a log as it arrives. Waits fail if the call ends before. */
export function collectLog(stream: AsyncIterable<GetAnalysisRunLogsResponse>): CollectedLog {
  const messages: GetAnalysisRunLogsResponse[] = [];
  let error: ToldError | undefined;
  let ended = false;
  let waiting: (() => void)[] = [];
  const tell = (): void => {
    const told = waiting;
    waiting = [];
    for (const each of told) each();
  };
  const read = async (): Promise<void> => {
    try {
      for await (const message of stream) {
        messages.push(message);
        tell();
      }
    } catch (caught) {
      error = toldError(caught);
    } finally {
      ended = true;
      tell();
    }
  };
  const done = read();
  const untilTrue = async (wanted: string, test: () => boolean): Promise<void> => {
    while (!test()) {
      if (ended) throw new Error(`The log ended before ${JSON.stringify(wanted)} came: ${error?.message}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const text = (): string => messages.map(({ chunk }) => chunk).join("");
  const said = (): string[] => messages.flatMap(({ event }) => (event.case === "notice" ? [event.value.message] : []));
  return {
    messages,
    done,
    get error() {
      return error;
    },
    text,
    said,
    notices: () => messages.flatMap(({ event }) => (event.case === "notice" ? [event.value.kind] : [])),
    end: () => messages.flatMap(({ event }) => (event.case === "end" ? [event.value] : []))[0],
    origin: () => messages.flatMap(({ event }) => (event.case === "origin" ? [event.value] : []))[0],
    until: (wanted) => untilTrue(wanted, () => text().includes(wanted)),
    untilSaid: (wanted) => untilTrue(wanted, () => said().some((each) => each.includes(wanted))),
  };
}
