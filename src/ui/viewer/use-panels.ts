import { useState } from "react";

/** What is open beside the log. */
export interface Panels {
  /** The line that is shown as a whole; -1: none. */
  readonly detail: number;
  readonly setDetail: (line: number) => void;
  /** Whether the field for a line or time is open. */
  readonly isGoing: boolean;
  readonly setGoing: (isGoing: boolean) => void;
  /** Whether the list of keys is open. */
  readonly isListing: boolean;
  readonly setListing: (isListing: boolean) => void;
}

export function usePanels(): Panels {
  const [detail, setDetail] = useState(-1);
  const [isGoing, setGoing] = useState(false);
  const [isListing, setListing] = useState(false);
  return { detail, setDetail, isGoing, setGoing, isListing, setListing };
}
