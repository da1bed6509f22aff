import { statedLevel } from "./stated-level.ts";

/** The most lines that belong to an error. */
const MAX_LINES = 500;
/** Characters of a line to look at. */
const MAX_LENGTH = 500;

/** A frame of a stack trace: of Java, .NET and JavaScript, of Python, and of Go. */
const FRAME = new RegExp(
  [
    '^\\s+at \\S|^\\s*\\.\\.\\. \\d+ (?:more|common frames)|^\\s+File ".*", line \\d+',
    "^\\t\\S+\\.go:\\d+|^\\s+\\d+: (?:0x[\\da-f]+ - )?\\S+::",
  ].join("|"),
);
/** Lines that continue an error without indentation. */
const CAUSE = new RegExp(
  [
    "^(?:Caused by|Suppressed|During handling of|The above exception|note: run with|stack backtrace)\\b",
    "^(?:[\\w$]+\\.)+\\w*(?:Error|Exception|Throwable)\\b",
  ].join("|"),
);
const SOURCE = /^\s*(?:-->|\d* *\|(?: |$))/;
/** The rule that Robot Framework prints between tests. */
export const RULE = /^\s*([-=])\1{9,}\s*$/;
/** The end of a line with which Robot Framework reports a failed test. */
export const ROBOT_FAILED = /\| FAIL \|\s*$/;
const LAST_OF_TRACEBACK = /^[A-Za-z_][\w.]*(?::|$)/;

/** Which lines after an error's first line belong to it. */
type Extent =
  /** Lines that are indented, or name a cause. */
  | "indented"
  /** Numbered lines of source text: compilers. */
  | "source"
  /** The message up to a horizontal rule: Robot Framework. */
  | "rule"
  /** A YAML block, or comment lines: TAP. */
  | "tap"
  /** Frames up to the exception's own line, which is not indented: Python. */
  | "traceback"
  /** The message is on the next line: Rust. */
  | "panic"
  /** Paragraphs that are indented: Jest, Gradle, Go's panics. */
  | "paragraphs"
  | "pytest";

const EXTENTS: readonly (readonly [RegExp, Extent])[] = [
  [ROBOT_FAILED, "rule"],
  [/^\s*not ok\b/, "tap"],
  [/^\s*Traceback \(/, "traceback"],
  [/^thread '.*?' (?:\(\d+\) )?panicked at/, "panic"],
  [/^\s*● |^FAILURE: |^panic: |^fatal error: /, "paragraphs"],
  [/^E {3}/, "pytest"],
  [/\b(?:error|warning)(?:\[\w+\])?: /, "source"],
];
const HAS_EXTENT = /\| FAIL \||not ok|Traceback|panick|●|^FAILURE|^panic:|^fatal error|^E {3}|error(?:\[|: )/;

/** Which part of the error before it a line is. */
export type Belonging = "message" | "frame" | "none";

/** The lines that belong to one error: its message, and its stack trace. */
export class ErrorLines {
  #extent: Extent;
  readonly #indent: number;
  #count = 0;
  #isOver = false;
  /** Whether a TAP test's block has begun, or Python's exception has come. */
  #isWithin = false;

  /** @param line the error's first line. */
  constructor(line: string) {
    const extent = HAS_EXTENT.test(line) ? EXTENTS.find(([pattern]) => pattern.test(line)) : undefined;
    this.#extent = extent?.[1] ?? "indented";
    this.#indent = indentOf(line);
  }

  /** Whether no further line can belong to it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Whether a line that begins with this character may belong to it: most lines need not be decoded.
   *
   * @param code `NaN` if the line is empty.
   */
  mayTake(code: number): boolean {
    if (this.#isOver) return false;
    if (this.#extent !== "indented") return true;
    return code <= 0x20 || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  }

  /** Takes the next line of the log. After a line that does not belong to the error, none does. */
  take(line: string): Belonging {
    if (!this.mayTake(line.charCodeAt(0))) {
      this.#isOver = true;
      return "none";
    }
    const text = line.slice(0, MAX_LENGTH);
    this.#count += 1;
    const isFrame = FRAME.test(text);
    if (this.#count > MAX_LINES || !(isFrame || this.#continues(text))) {
      this.#isOver = true;
      return "none";
    }
    return isFrame || this.#isFrameHere(text) ? "frame" : "message";
  }

  #continues(line: string): boolean {
    const isBlank = line.trim() === "";
    switch (this.#extent) {
      case "rule":
        return !RULE.test(line);
      case "tap":
        return this.#inTap(line);
      case "traceback":
        if (isBlank || this.#isWithin) return false;
        if (this.#isIndented(line)) return true;
        this.#isWithin = true;
        return LAST_OF_TRACEBACK.test(line) && !states(line);
      case "panic":
        return this.#count === 1 ? !isBlank : this.#isIndented(line) || CAUSE.test(line);
      case "pytest":
        return /^E(?: |$)/.test(line) || /^\S+:\d+: /.test(line) || (isBlank && this.#count <= 30);
      case "paragraphs":
        if (isBlank || /^\* \w|^> |^goroutine \d+ \[|^\S+\(.*\)$|^\[signal /.test(line)) return true;
    }
    if (isBlank) return false;
    // Python's logger writes the traceback after the message.
    if (/^Traceback \(/.test(line)) {
      this.#extent = "traceback";
      return true;
    }
    const isSource = this.#extent === "source" && SOURCE.test(line);
    return isSource || ((this.#isIndented(line) || CAUSE.test(line)) && !states(line));
  }

  /** Whether a line is a frame in this kind of trace: Python's source lines, Go's calls. */
  #isFrameHere(line: string): boolean {
    if (this.#extent === "traceback") return !this.#isWithin;
    return this.#extent === "paragraphs" && /^[\w./*()-]+\(.*\)$/.test(line);
  }

  #inTap(line: string): boolean {
    const isIndented = this.#isIndented(line);
    if (this.#isWithin) {
      if (isIndented && /^\s*\.\.\.\s*$/.test(line)) this.#isOver = true;
      return isIndented || line.trim() === "";
    }
    if (isIndented && /^\s*---/.test(line)) {
      this.#isWithin = true;
      return true;
    }
    return (
      /^\s*# +(?!Subtest)/.test(line) && !/^# (?:tests|pass|fail|suites|cancelled|skipped|todo|duration)/.test(line)
    );
  }

  #isIndented(line: string): boolean {
    return indentOf(line) > this.#indent;
  }
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function states(line: string): boolean {
  return statedLevel(line) !== undefined;
}
