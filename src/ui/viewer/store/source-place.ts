import { EscapeReader } from "../../../stream/escape-sequences.ts";
import type { HeldLine } from "./block-builder.ts";
import type { GroupMark } from "./group-mark.ts";

/** What one source's log is in the middle of. */
export interface SourcePlace {
  styleIndex: number;
  /** The style with which the line begins. */
  lineStyle: number;
  /** The number of the line that is being read. */
  number: number;
  inEscape: boolean;
  readonly escape: EscapeReader;
  /** A carriage return came, and nothing after it yet. */
  returned: boolean;
  red: boolean;
  tabs: boolean;
  wide: boolean;
  marks: GroupMark[];
  states: string[];
  stateCount: number;
  /** Its line as far as it has come, while another source's is being read. */
  held: HeldLine | undefined;
}

/** Where a source is before its first byte. */
export function createSourcePlace(): SourcePlace {
  return {
    ...{ styleIndex: 0, lineStyle: 0, number: 0, inEscape: false, escape: new EscapeReader(), returned: false },
    ...{ red: false, tabs: false, wide: false, marks: [], states: [], stateCount: 0, held: undefined },
  };
}
