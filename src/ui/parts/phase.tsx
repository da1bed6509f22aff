import { AnalysisPhase, type AnalysisRunSummary } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { hasPassed, isFailure, wasStopped } from "../../client/cause.ts";
import type { Text } from "../text/en.ts";
import { useText } from "../text/text.tsx";
import styles from "./phase.module.css";

/** A phase in the user's language. */
export function phaseText(phase: AnalysisPhase | undefined, { phases }: Text): string {
  switch (phase) {
    case AnalysisPhase.PENDING:
      return phases.pending;
    case AnalysisPhase.RUNNING:
      return phases.running;
    case AnalysisPhase.SUCCESSFUL:
      return phases.successful;
    case AnalysisPhase.FAILED:
      return phases.failed;
    case AnalysisPhase.ERROR:
      return phases.error;
    case AnalysisPhase.INCONCLUSIVE:
      return phases.inconclusive;
    default:
      return phases.unknown;
  }
}

/** The result of a run in the user's language: a run that was stopped has not passed, whatever its phase. */
export function resultText(run: AnalysisRunSummary | undefined, text: Text): string {
  return wasStopped(run) ? text.phases.stopped : phaseText(markedPhase(run), text);
}

/** The phase that a run is marked with. */
export function markedPhase(run: AnalysisRunSummary | undefined): AnalysisPhase | undefined {
  if (wasStopped(run)) return AnalysisPhase.INCONCLUSIVE;
  const isClaim = run?.phase === AnalysisPhase.SUCCESSFUL && !hasPassed(run);
  return isClaim ? AnalysisPhase.UNSPECIFIED : run?.phase;
}

/** A phase as an icon with shape and colour, and a text for screen readers. */
export function PhaseMark({
  phase,
  silent = false,
}: {
  readonly phase: AnalysisPhase | undefined;
  readonly silent?: boolean;
}) {
  const text = useText();
  const [sign, kind] = signOf(phase);
  return (
    <span className={`${styles.mark} ${styles[kind]}`}>
      <span aria-hidden="true">{sign}</span>
      {!silent && <span className="hidden">{phaseText(phase, text)}</span>}
    </span>
  );
}

function signOf(
  phase: AnalysisPhase | undefined,
): readonly [sign: string, kind: "bad" | "good" | "warn" | "live" | "open"] {
  if (isFailure(phase)) return ["✕", "bad"];
  if (phase === AnalysisPhase.SUCCESSFUL) return ["✓", "good"];
  if (phase === AnalysisPhase.INCONCLUSIVE) return ["?", "warn"];
  if (phase === AnalysisPhase.RUNNING) return ["", "live"];
  return ["·", "open"];
}
