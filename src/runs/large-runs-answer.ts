import { Failure } from "../failure.ts";
import { parseJson, readAnswer } from "../kube/answer.ts";
import { readListAnswer } from "../kube/read-list.ts";
import { WatchedShape } from "../kube/watch-events.ts";
import { parseRun, parseRunSummary, parseVersionedSummary } from "./parse-run.ts";
import type { Run, RunSummary } from "./run.ts";

/** What a thread that parses runs is asked: the text of a run, of a list, or of what a watch receives. */
export interface LargeRunsQuestion {
  readonly kind: keyof Answers;
  readonly text: string;
}

/** What is kept of a text. */
export interface Answers {
  readonly run: Run;
  readonly list: { readonly items: readonly (RunSummary | undefined)[]; readonly metadata: object };
  /** A list, or an event. */
  readonly watched: WatchedList | { readonly object: WatchedRun };
}

export interface WatchedList {
  readonly items: readonly WatchedRun[];
  readonly metadata: object;
}

/** What is kept of a run that is watched. */
export interface WatchedRun {
  /** What identifies it, and its version. */
  readonly metadata: object;
  /** `undefined` if it is not an AnalysisRun. */
  readonly summary: RunSummary | undefined;
}

export type LargeRunsAnswer =
  | { readonly kind: "parsed"; readonly value: Answers[keyof Answers] }
  /** The text is not JSON, or not a list. */
  | { readonly kind: "unreadable" }
  /** The object is not an AnalysisRun. */
  | { readonly kind: "failed"; readonly message: string };

const READ: { readonly [kind in keyof Answers]: (text: string) => Answers[kind] } = {
  run: (text) => parseRun(parseJson(text)),
  list: (text) => {
    const { items, metadata } = readListAnswer(parseJson(text));
    return { items: (items ?? []).map(parseRunSummary), metadata: metadata ?? {} };
  },
  watched: (text) => {
    const answer = parseJson(text);
    if ("object" in answer) return { ...answer, object: watchedRun(answer.object) };
    const { items, metadata } = readListAnswer(answer);
    return { items: (items ?? []).map(watchedRun), metadata: metadata ?? {} };
  },
};

function watchedRun(object: unknown): WatchedRun {
  const { name, namespace, uid, resourceVersion } = readAnswer(WatchedShape, object).metadata;
  return { metadata: { name, namespace, uid, resourceVersion }, summary: parseVersionedSummary(object) };
}

export function answerTo({ kind, text }: LargeRunsQuestion): LargeRunsAnswer {
  try {
    return { kind: "parsed", value: READ[kind](text) };
  } catch (error) {
    if (error instanceof Failure) return { kind: "unreadable" };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
