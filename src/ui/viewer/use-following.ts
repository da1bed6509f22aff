import { type RefObject, useCallback, useRef, useState } from "react";
import { afterAct, type Following, type ReaderAct } from "./store/following.ts";
import type { LogStore } from "./store/log-store.ts";

/** Whether the view follows the end of the log, and the user's acts that change that. */
export interface FollowingView {
  readonly following: Following;
  /** Whether the view has reached its first position, or the user has moved it. */
  readonly landed: RefObject<boolean>;
  act(did: ReaderAct): void;
  /** Called when the user scrolls. */
  readonly onScrolled: (up: boolean, atEnd: boolean) => void;
}

/**
 * @param follow whether the log is followed.
 * @param startsOn whether the view follows the end at first.
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
