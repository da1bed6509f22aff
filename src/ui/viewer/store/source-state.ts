import { LineControls } from "../../../stream/line-controls.ts";
import type { HeldLine } from "./block-builder.ts";
import type { GroupMark } from "./group-mark.ts";

/** The state of reading one source's log. */
export interface SourceState {
  styleIndex: number;
  /** The style at the beginning of the line. */
  lineStyle: number;
  /** The number of the line that is being read. */
  number: number;
  readonly controls: LineControls;
  red: boolean;
  tabs: boolean;
  wide: boolean;
  marks: GroupMark[];
  states: string[];
  stateCount: number;
  /** Its partial line, while another source is being read. */
  held: HeldLine | undefined;
}

/** The state of a source before its first byte. */
export function createSourceState(): SourceState {
  return {
    styleIndex: 0,
    lineStyle: 0,
    number: 0,
    controls: new LineControls(),
    red: false,
    tabs: false,
    wide: false,
    marks: [],
    states: [],
    stateCount: 0,
    held: undefined,
  };
}
