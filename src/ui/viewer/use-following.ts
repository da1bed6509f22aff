import { type RefObject, useCallback, useRef, useState } from "react";
import { afterAct, type Following, type ReaderAct } from "./store/following.ts";
import type { LogStore } from "./store/log-store.ts";

/** Whether the view stays at the end of the log, and what a reader does about it. */
export interface FollowingView {
  readonly following: Following;
  /** Whether the log has opened somewhere, or was touched. */
  readonly landed: RefObject<boolean>;
  act(did: ReaderAct): void;
  /** Somebody scrolled. */
  readonly onScrolled: (up: boolean, atEnd: boolean) => void;
}

/**
 * @param follow whether the log is live.
 * @param startsOn whether the view is at the end from the beginning.
 */
export function useFollowing(store: LogStore, follow: boolean, startsOn: boolean): FollowingView {
  const [following, setFollowing] = useState<Following>({ on: startsOn, seen: 0 });
  const landed = useRef(false);
  const onScrolled = useCallback(
    (up: boolean, atEnd: boolean) => {
      landed.current = true;
      if (follow) setFollowing((before) => afterAct(before, { kind: "scrolled", up, atEnd }, store.lines));
    },
    [follow, store],
  );
  return {
    following,
    landed,
    act(did) {
      landed.current = true;
      setFollowing((before) => afterAct(before, did, store.lines));
    },
    onScrolled,
  };
}
