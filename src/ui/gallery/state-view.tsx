import { useMemo } from "react";
import { useInsteadOfLog } from "../run/instead-of-log.tsx";
import { LogBreak } from "../run/log-break.tsx";
import { LogFoot } from "../run/log-foot.tsx";
import { FAKE_STATES, type FakeState, fakeRun } from "./fake-states.ts";
import css from "./gallery.module.css";

const NOTHING = (): void => {};

/** A state as the page shows it. Retrying does nothing. */
export function StateView({ name }: { readonly name: string }) {
  const state = FAKE_STATES[name];
  return state === undefined ? null : <Shown {...state} />;
}

function Shown({ endedMs, summary }: FakeState) {
  const about = useMemo(() => fakeRun(endedMs), [endedMs]);
  const instead = useInsteadOfLog({
    project: "shop",
    ...about,
    summary,
    showsDocument: false,
    onAgain: NOTHING,
    onShowDocument: NOTHING,
  });
  return (
    <div className={css.state}>
      <div className={css.instead}>{instead}</div>
      <LogBreak summary={summary} onAgain={NOTHING} />
      <LogFoot summary={summary} />
    </div>
  );
}
