import { Failure } from "../failure.ts";
import { parseJson } from "../kube/answer.ts";
import { readListAnswer } from "../kube/read-list.ts";
import { parseRun, parseRunSummary } from "./parse-run.ts";
import type { Run, RunSummary } from "./run.ts";

/** What a thread that parses runs is asked: the text of a run, or of a list. */
export interface LargeRunsQuestion {
  readonly kind: keyof Answers;
  readonly text: string;
}

/** What is kept of a text. */
export interface Answers {
  readonly run: Run;
  readonly list: { readonly items: readonly (RunSummary | undefined)[]; readonly metadata: object };
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
};

export function answerTo({ kind, text }: LargeRunsQuestion): LargeRunsAnswer {
  try {
    return { kind: "parsed", value: READ[kind](text) };
  } catch (error) {
    if (error instanceof Failure) return { kind: "unreadable" };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
