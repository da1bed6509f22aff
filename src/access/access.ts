import { LRUCache } from "lru-cache";
import { type Clock, steadyClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { type Caller, identityOf } from "../identity/caller.ts";
import { type AccessQuestion, type AccessSubject, reviewAccess } from "../kube/access-review.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { isObjectName } from "../kube/names.ts";
import { ANALYSIS_RUNS, STAGES } from "../kube/resources.ts";
import type { AnnotatedAccounts } from "./annotated-accounts.ts";

/** What a caller may do, as Kubernetes RBAC decides it. */
export interface Access {
  /** Whether the caller may read runs of the project: all of them or, if `name` is given, that one. */
  mayReadRuns(caller: Caller, namespace: string, name?: string): Promise<boolean>;
  /** Whether the caller may list the project's runs. */
  mayListRuns(caller: Caller, namespace: string): Promise<boolean>;
  /** Whether the caller may watch the project's runs. */
  mayWatchRuns(caller: Caller, namespace: string): Promise<boolean>;
  /** Whether the caller may read the server's status: permission to get `analysisruns/explain` in all namespaces. */
  mayExplain(caller: Caller): Promise<boolean>;
  /** Whether the caller may read this Stage. */
  mayReadStage(caller: Caller, namespace: string, name: string): Promise<boolean>;
  /** Whether the caller may read runs in every project. */
  mayReadRunsEverywhere(caller: Caller): Promise<boolean>;
  /**
   * The same without the cache: the returned object sends each review to the cluster once, for all who ask it.
   */
  afresh(): Access;
}

export interface AccessOptions {
  readonly kube: KubeApi;
  readonly clock: Clock;
  /**
   * Requires permission on `analysisruns/log` instead of `analysisruns` to read a log or a run. Default: none.
   */
  readonly subresource?: "log" | undefined;
  /** Finds the accounts whose rights a caller has. Default: nobody has an account's rights. */
  readonly accounts?: AnnotatedAccounts | undefined;
  /** Asks the cluster. Default: in a SubjectAccessReview. */
  readonly review?: (question: AccessQuestion, subject: AccessSubject) => Promise<boolean>;
}

/** How long a decision is cached. */
const CACHE_MS = 10_000;
const CACHED_DECISIONS = 50_000;

/**
 * Decides by reviews in the cluster: of the user or, for callers with the rights of accounts, of one account after the
 * other until one may.
 *
 * The first review is without a name, so that one decision covers the whole project. Only if that is denied, a second
 * one has the name.
 */
export function createAccess(options: AccessOptions): Access {
  const { kube, clock, subresource, accounts } = options;
  const { review = (question, subject) => reviewAccess(kube, question, subject) } = options;
  type Review = { readonly subject: AccessSubject; readonly question: AccessQuestion };

  const cache = new LRUCache<string, { readonly allowed: boolean }, Review>({
    max: CACHED_DECISIONS,
    ttl: CACHE_MS,
    ttlResolution: 0,
    perf: steadyClock(clock),
    // Otherwise a waiting caller would fail if a flood of other reviews evicted theirs.
    ignoreFetchAbort: true,
    fetchMethod: async (_key, _stale, { context }) => ({
      allowed: await review(context.question, context.subject),
    }),
  });

  /** Decides about one subject. */
  type Decide = (subject: AccessSubject, question: AccessQuestion) => Promise<boolean>;
  type Ask = (caller: Caller, question: AccessQuestion) => Promise<boolean>;

  const decide = async (key: string, review: Review, forceRefresh: boolean): Promise<boolean> =>
    (await cache.fetch(key, { context: review, forceRefresh }))?.allowed === true;

  const decideAfresh = (): Decide => {
    const asked = new Map<string, Promise<boolean>>();
    return (subject, question) => {
      const key = keyOf(subject, question);
      const decision = asked.get(key) ?? decide(key, { subject, question }, true);
      asked.set(key, decision);
      return decision;
    };
  };

  const askBy =
    (decideBy: Decide, found: AnnotatedAccounts | undefined): Ask =>
    async (caller, question) => {
      const { rights } = caller;
      if (rights === undefined) return decideBy(caller, question);
      // What this server's own account may not read, it cannot show.
      if (rights.kind === "server") return true;
      for (const account of (await found?.matching(rights, question.namespace)) ?? []) {
        if (await decideBy(account, question)) return true;
      }
      return false;
    };

  const accessBy = (ask: Ask): Access => {
    const readRuns = (caller: Caller, namespace: string, name?: string): Promise<boolean> =>
      ask(caller, {
        verb: "get",
        resource: ANALYSIS_RUNS,
        subresource,
        namespace,
        ...(name !== undefined && { name }),
      });

    return {
      mayReadRuns: async (caller, namespace, name) =>
        (await readRuns(caller, namespace)) || (name !== undefined && (await readRuns(caller, namespace, name))),
      mayListRuns: (caller, namespace) => ask(caller, { verb: "list", resource: ANALYSIS_RUNS, namespace }),
      mayWatchRuns: (caller, namespace) => ask(caller, { verb: "watch", resource: ANALYSIS_RUNS, namespace }),
      mayExplain: (caller) =>
        ask(caller, { verb: "get", resource: ANALYSIS_RUNS, subresource: "explain", namespace: "" }),
      mayReadStage: async (caller, namespace, name) =>
        (await ask(caller, { verb: "get", resource: STAGES, namespace })) ||
        // A run may name anything as its Stage. If it is not a valid name, no such Stage exists.
        (isObjectName(name) && (await ask(caller, { verb: "get", resource: STAGES, namespace, name }))),
      mayReadRunsEverywhere: (caller) => readRuns(caller, ""),
      afresh: () => accessBy(askBy(decideAfresh(), accounts?.afresh())),
    };
  };
  return accessBy(
    askBy((subject, question) => decide(keyOf(subject, question), { subject, question }, false), accounts),
  );
}

function keyOf(subject: AccessSubject, { verb, resource, subresource = "", namespace, name }: AccessQuestion): string {
  // Each part has a delimited end except the name, which is last: callers may write anything into a namespace.
  const where = `${namespace.length}:${namespace}${name === undefined ? "" : `/${name}`}`;
  return `${identityOf(subject)} ${verb} ${resource.plural}/${subresource} ${where}`;
}

/** The refusal for callers who are not operators. */
export function deniedStatus(caller: Caller): Failure {
  if (caller.groupsOmitted) return groupsOmitted("this");
  return new Failure("denied", "ACCESS_DENIED", "You may not read this.", {
    next: "Ask an administrator of the cluster for the right to get analysisruns/explain in all namespaces.",
  });
}

/** The refusal for callers who may not read something: the same whether or not it exists. */
export function denied(namespace: string, caller: Caller): Failure {
  if (caller.groupsOmitted) return groupsOmitted(`this in project "${namespace}"`);
  return new Failure(
    "denied",
    "ACCESS_DENIED",
    `You may not read this in project "${namespace}", or there is no such project.`,
    { next: "Check the project's name, or ask its owner for the right to get analysisruns and stages." },
  );
}

/** The refusal for callers who have no projects that are known here. */
export function deniedProjects(): Failure {
  return groupsOmitted("any project");
}

/** With the groups, the caller might have been allowed: so the token is what has to change. */
function groupsOmitted(what: string): Failure {
  return new Failure(
    "denied",
    "GROUPS_OMITTED",
    `Your identity provider left your groups out of your token, and without them you may not read ${what}.`,
    {
      next: "Ask an administrator of the identity provider to send only the groups that matter here: it leaves them out if they are too many.",
    },
  );
}
