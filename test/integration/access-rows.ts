/** A rule of an RBAC role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** A caller with a token. */
export type Caller =
  /** A ServiceAccount. */
  | { readonly account: string; readonly namespace: string }
  /** A user from outside the cluster: one of {@link PEOPLE}. */
  | { readonly user: keyof typeof PEOPLE };

/** A role that a caller is given. */
export interface Grant {
  readonly rules: readonly Rule[];
  /**
   * `role`: a Role of the namespace. `aggregated`: a ClusterRole with the rules of another. The last two are bound in
   * all namespaces and in one.
   */
  readonly by?: "role" | "everywhere" | "aggregated";
  /** Default: the project. */
  readonly namespace?: string;
  /** Default: the caller, by name. */
  readonly to?: {
    readonly kind: "User" | "Group" | "ServiceAccount";
    readonly name: string;
    readonly namespace?: string;
  };
}

/** What a caller sees of the project. */
export interface Sight {
  /** The runs that can be read: the runs, their logs, and their raw logs. */
  readonly reads: readonly string[];
  /** The listed runs. `undefined`: the list is refused. */
  readonly lists: readonly string[] | undefined;
  /** The listed projects. */
  readonly projects: readonly string[];
}

/** A caller, the caller's roles, and what follows from them. */
export interface AccessRow {
  readonly who: string;
  readonly caller: Caller;
  readonly grants: readonly Grant[];
  readonly sees: Sight;
  /** With `access.subresource: log`. */
  readonly seesByLog: Sight;
}

/** Users other than ServiceAccounts, with their groups. */
export const PEOPLE = { ann: [], bob: ["testers", "others"] } as const satisfies Record<string, readonly string[]>;

export const PROJECT = "table";
export const ELSEWHERE = "table-elsewhere";
/** The namespace of accounts, which is not a project. */
export const TEAM = "table-team";
/** A namespace whose accounts are all given a role at once. */
export const GROUPED_TEAM = "table-grouped";
/** All runs, which belong to the Stage `uat`. */
export const RUNS = ["uat.first", "uat.second"] as const;
const [FIRST] = RUNS;

const rule = (group: string, resource: string, verbs: readonly string[], resourceNames?: readonly string[]): Rule => ({
  apiGroups: [group],
  resources: [resource],
  verbs,
  ...(resourceNames && { resourceNames }),
});
const GET_RUNS = rule("argoproj.io", "analysisruns", ["get"]);
const LIST_RUNS = rule("argoproj.io", "analysisruns", ["list"]);
const GET_LOGS = rule("argoproj.io", "analysisruns/log", ["get"]);
const GET_STAGES = rule("kargo.akuity.io", "stages", ["get"]);
const READER = [GET_RUNS, LIST_RUNS, GET_STAGES];
const LOG_READER = [GET_LOGS, LIST_RUNS, GET_STAGES];

const NOTHING: Sight = { reads: [], lists: undefined, projects: [] };
const ALL: Sight = { reads: RUNS, lists: RUNS, projects: [PROJECT] };
/** What READER still allows if logs need their own permission: a list is not a log. */
const LISTS_ONLY: Sight = { ...NOTHING, lists: RUNS };

const account = (name: string): Caller => ({ account: name, namespace: TEAM });
const reader = (who: string, name: string, grant: Omit<Grant, "rules">): AccessRow => ({
  who,
  caller: account(name),
  grants: [{ rules: READER, ...grant }],
  sees: ALL,
  seesByLog: LISTS_ONLY,
});

/** Every row is checked on the mini cluster and on a real one. */
export const ACCESS_ROWS: readonly AccessRow[] = [
  reader("an account with a Role in the project", "role", {}),
  reader("an account with an aggregated ClusterRole", "aggregated", { by: "aggregated" }),
  {
    ...reader("an account by the group of its namespace's accounts", "grouped", {
      to: { kind: "Group", name: `system:serviceaccounts:${GROUPED_TEAM}` },
    }),
    caller: { account: "grouped", namespace: GROUPED_TEAM },
  },
  reader("an account by its user name", "as-user", {
    to: { kind: "User", name: `system:serviceaccount:${TEAM}:as-user` },
  }),
  {
    ...reader("an account with a ClusterRole everywhere", "everywhere", { by: "everywhere" }),
    sees: { ...ALL, projects: [PROJECT, ELSEWHERE] },
  },
  { who: "a user", caller: { user: "ann" }, grants: [{ rules: READER }], sees: ALL, seesByLog: LISTS_ONLY },
  {
    who: "a user by a group",
    caller: { user: "bob" },
    grants: [{ rules: READER, to: { kind: "Group", name: "testers" } }],
    sees: ALL,
    seesByLog: LISTS_ONLY,
  },
  {
    who: "an account that may do everything in the project",
    caller: account("owner"),
    grants: [{ rules: [rule("*", "*", ["*"])] }],
    sees: ALL,
    seesByLog: ALL,
  },
  {
    who: "an account that may read logs, and not runs",
    caller: account("logs"),
    grants: [{ rules: LOG_READER }],
    sees: LISTS_ONLY,
    seesByLog: ALL,
  },
  {
    who: "an account that may read every kind of log",
    caller: account("any-log"),
    grants: [{ rules: [rule("argoproj.io", "*/log", ["get"]), GET_STAGES] }],
    sees: NOTHING,
    seesByLog: { ...NOTHING, reads: RUNS, projects: [PROJECT] },
  },
  {
    who: "an account that may read one run by name",
    caller: account("by-name"),
    grants: [
      {
        rules: [
          rule("argoproj.io", "analysisruns", ["get"], [FIRST]),
          rule("kargo.akuity.io", "stages", ["get"], ["uat"]),
        ],
      },
    ],
    sees: { ...NOTHING, reads: [FIRST] },
    seesByLog: NOTHING,
  },
  {
    who: "an account that may read one run's log by name",
    caller: account("log-by-name"),
    grants: [{ rules: [rule("argoproj.io", "analysisruns/log", ["get"], [FIRST]), GET_STAGES] }],
    sees: NOTHING,
    seesByLog: { ...NOTHING, reads: [FIRST] },
  },
  {
    who: "an account that may read another Stage alone",
    caller: account("other-stage"),
    grants: [{ rules: [GET_RUNS, LIST_RUNS, GET_LOGS, rule("kargo.akuity.io", "stages", ["get"], ["prod"])] }],
    sees: { ...NOTHING, lists: [], projects: [PROJECT] },
    seesByLog: { ...NOTHING, lists: [], projects: [PROJECT] },
  },
  {
    who: "an account that may read no Stage",
    caller: account("no-stage"),
    grants: [{ rules: [GET_RUNS, LIST_RUNS] }],
    sees: { ...NOTHING, lists: [], projects: [PROJECT] },
    seesByLog: { ...NOTHING, lists: [] },
  },
  {
    who: "an account that may read Stages alone",
    caller: account("stages"),
    grants: [{ rules: [GET_STAGES] }],
    sees: NOTHING,
    seesByLog: NOTHING,
  },
  {
    who: "an account that may list runs, and not get them",
    caller: account("lister"),
    grants: [{ rules: [LIST_RUNS, GET_STAGES] }],
    sees: LISTS_ONLY,
    seesByLog: LISTS_ONLY,
  },
  {
    who: "an account that may get runs, and not list them",
    caller: account("getter"),
    grants: [{ rules: [GET_RUNS, GET_STAGES] }],
    sees: { ...ALL, lists: undefined },
    seesByLog: NOTHING,
  },
  {
    who: "an account that may change runs, and not read them",
    caller: account("writer"),
    grants: [{ rules: [rule("argoproj.io", "analysisruns", ["create", "update", "watch", "delete"]), GET_STAGES] }],
    sees: NOTHING,
    seesByLog: NOTHING,
  },
  {
    who: "an account with the rights for another API group",
    caller: account("other-group"),
    grants: [{ rules: [rule("apps", "analysisruns", ["get", "list"]), rule("apps", "stages", ["get"])] }],
    sees: NOTHING,
    seesByLog: NOTHING,
  },
  {
    who: "an account with a Role elsewhere",
    caller: account("elsewhere"),
    grants: [{ rules: [...READER, GET_LOGS], namespace: ELSEWHERE }],
    sees: { ...NOTHING, projects: [ELSEWHERE] },
    seesByLog: { ...NOTHING, projects: [ELSEWHERE] },
  },
  {
    who: "an account whose namesake in another namespace may",
    caller: account("namesake"),
    grants: [{ rules: READER, to: { kind: "ServiceAccount", name: "namesake", namespace: ELSEWHERE } }],
    sees: NOTHING,
    seesByLog: NOTHING,
  },
  { who: "an account without any role", caller: account("nobody"), grants: [], sees: NOTHING, seesByLog: NOTHING },
];
