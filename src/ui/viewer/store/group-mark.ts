/** A line that opens or closes a group, as CI systems write them. */
export interface GroupMark {
  /**
   * `end` closes the group; `next` closes the one before it and opens another; `open` says that the present group is to
   * be shown unfolded.
   */
  readonly kind: "begin" | "end" | "next" | "open";
  /** What the group is called; empty where the mark says no name. */
  readonly title: string;
  /** Whether whoever wrote it wants it unfolded. */
  readonly expanded: boolean;
}

/** The bytes with which marks begin: `#`, `:`, `s`, `-`, `+`, `~`, `^`. */
export const MARK_BYTES: ReadonlySet<number> = new Set([0x23, 0x3a, 0x73, 0x2d, 0x2b, 0x7e, 0x5e]);

const GITHUB = /^(?:##\[(end)?group\]|::(end)?group::)(.*)$/s;
const GITLAB = /^section_(start|end):\d+:([^[\r\s]+)(\[[^\]]*\])?(.*)$/s;
// Not what Go's tests say of themselves, nor the heads of a diff.
const BUILDKITE = /^(---|\+\+\+|~~~) (?!(?:FAIL|PASS|SKIP|BENCH):|[ab]\/|\/dev\/null)(\S.*)$/s;
const OPEN = /^\^\^\^ \+\+\+\s*$/;

/**
 * Reads the mark that a line is: those of GitHub
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#grouping-log-lines), GitLab
 * (https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections) and Buildkite
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
    return { kind: "next", title: (buildkite[2] ?? "").trim(), expanded: buildkite[1] === "+++" };
  }
  return OPEN.test(line) ? { kind: "open", title: "", expanded: true } : undefined;
}
