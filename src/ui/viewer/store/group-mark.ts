/** A mark that starts or ends a group, as CI systems write them. */
export interface GroupMark {
  /**
   * `end` closes the group; `next` closes the previous one and starts another; `open` unfolds the current group; `stack`
   * is a stack trace, by its first line.
   */
  readonly kind: "begin" | "end" | "next" | "open" | "stack";
  /** The group's title; empty if the mark has none. */
  readonly title: string;
  /** Whether the mark asks for the group to be unfolded. */
  readonly expanded: boolean;
  /**
   * Whether the mark proves that the log is of Buildkite, whose other marks look like a diff's or a shell's: only in
   * such a log do they count.
   */
  readonly isProof?: boolean;
}

/** The first bytes of marks: `#`, `:`, `s`, `-`, `+`, `~`, `^`. */
export const MARK_BYTES: ReadonlySet<number> = new Set([0x23, 0x3a, 0x73, 0x2d, 0x2b, 0x7e, 0x5e]);

const GITHUB = /^(?:##\[(end)?group\]|::(end)?group::)(.*)$/s;
const GITLAB = /^section_(start|end):\d+:([^[\r\s]+)(\[[^\]]*\])?(.*)$/s;
// Not the results of Go tests, nor the headers of a diff.
const BUILDKITE = /^(---|\+\+\+|~~~) (?!(?:FAIL|PASS|SKIP|BENCH):|[ab]\/|\/dev\/null)(\S.*)$/s;
/** A title with one of Buildkite's emoji, such as `:docker: Build`, or one of its agent. */
const OWN_TITLE =
  /^(?::[a-z0-9_+-]+:|(?:Running (?:agent|global|local|plugin|commands?\b|script|batch)|Preparing (?:working directory|plugins)|Setting up plugins|Checking out|Uploading artifacts|Downloading artifacts)\b)/;
const OPEN = /^\^\^\^ \+\+\+\s*$/;

/**
 * Parses a line as a mark of GitHub
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#grouping-log-lines), GitLab
 * (https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections) or Buildkite
 * (https://buildkite.com/docs/pipelines/configure/managing-log-output).
 */
export function groupMarkOf(line: string): GroupMark | undefined {
  const github = GITHUB.exec(line);
  if (github !== null) {
    const end = github[1] !== undefined || github[2] !== undefined;
    return { kind: end ? "end" : "begin", title: end ? "" : (github[3] ?? "").trim(), expanded: false };
  }
  const gitlab = GITLAB.exec(line);
  if (gitlab !== null) {
    if (gitlab[1] === "end") return { kind: "end", title: gitlab[2] ?? "", expanded: false };
    const expanded = !/collapsed=true/.test(gitlab[3] ?? "");
    return { kind: "begin", title: (gitlab[4] ?? "").trim() || (gitlab[2] ?? ""), expanded };
  }
  const buildkite = BUILDKITE.exec(line);
  if (buildkite !== null) {
    const title = (buildkite[2] ?? "").trim();
    return { kind: "next", title, expanded: buildkite[1] === "+++", isProof: OWN_TITLE.test(title) };
  }
  return OPEN.test(line) ? { kind: "open", title: "", expanded: true, isProof: true } : undefined;
}
