import { LRUCache } from "lru-cache";
import { type Clock, steadyClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { type AccessQuestion, reviewAccess } from "../kube/access-review.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { ANALYSIS_RUNS, STAGES } from "../kube/resources.ts";

/** What a caller may do, as Kubernetes RBAC decides it. */
export interface Access {
  /** Whether the caller may read runs of the project: all of them or, where `name` is given, that one. */
  mayReadRuns(caller: Caller, namespace: string, name?: string): Promise<boolean>;
  /** Whether the caller may list the project's runs. */
  mayListRuns(caller: Caller, namespace: string): Promise<boolean>;
  /** Whether the caller may watch the project's runs. */
  mayWatchRuns(caller: Caller, namespace: string): Promise<boolean>;
  /** Whether the caller may be told how this server is: the right to get `analysisruns/explain` in all namespaces. */
  mayExplain(caller: Caller): Promise<boolean>;
  /** Whether the caller may read this Stage. */
  mayReadStage(caller: Caller, namespace: string, name: string): Promise<boolean>;
  /** Whether the caller may read runs in every project there is. */
  mayReadRunsEverywhere(caller: Caller): Promise<boolean>;
  /**
   * The same, but each question is put to the cluster once more, however lately it was answered; once for all who ask
   * it of the returned object.
   */
  afresh(): Access;
}

export interface AccessOptions {
  readonly kube: KubeApi;
  readonly clock: Clock;
  /**
   * Asks for `analysisruns/log` instead of `analysisruns` where a log or a run is read. Default: neither is told apart.
   */
  readonly subresource?: "log" | undefined;
}

/** For how long a decision is used again. */
const CACHE_MS = 10_000;
const CACHED_DECISIONS = 50_000;

/**
 * Asks the cluster by SubjectAccessReviews.
 *
 * A review is asked without a name first: one decision then serves the whole project. Only where that is denied is it
 * asked by name.
 */
export function createAccess(options: AccessOptions): Access {
  const { kube, clock, subresource } = options;

  const cache = new LRUCache<string, { readonly allowed: boolean }, { caller: Caller; question: AccessQuestion }>({
    max: CACHED_DECISIONS,
    ttl: CACHE_MS,
    ttlResolution: 0,
    perf: steadyClock(clock),
    // Else whoever waits fails when a flood of others pushes the question out.
    ignoreFetchAbort: true,
    fetchMethod: async (_key, _stale, { context }) => ({
      allowed: await reviewAccess(kube, context.question, context.caller),
    }),
  });

  type Ask = (caller: Caller, question: AccessQuestion) => Promise<boolean>;

  const decide = async (
    key: string,
    caller: Caller,
    question: AccessQuestion,
    forceRefresh: boolean,
  ): Promise<boolean> => (await cache.fetch(key, { context: { caller, question }, forceRefresh }))?.allowed === true;

  const askAfresh = (): Ask => {
    const asked = new Map<string, Promise<boolean>>();
    return (caller, question) => {
      const key = keyOf(caller, question);
      const decision = asked.get(key) ?? decide(key, caller, question, true);
      asked.set(key, decision);
      return decision;
    };
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
        (await ask(caller, { verb: "get", resource: STAGES, namespace, name })),
      mayReadRunsEverywhere: (caller) => readRuns(caller, ""),
      afresh: () => accessBy(askAfresh()),
    };
  };
  return accessBy((caller, question) => decide(keyOf(caller, question), caller, question, false));
}

const identities = new WeakMap<Caller, string>();

/** JSON once for each call of a caller, who is asked about several times in it. */
function identityOf(caller: Caller): string {
  const known = identities.get(caller);
  if (known !== undefined) return known;
  const { username, uid, groups, extra } = caller;
  const identity = JSON.stringify([username, uid, groups, extra]);
  identities.set(caller, identity);
  return identity;
}

function keyOf(caller: Caller, { verb, resource, subresource = "", namespace, name }: AccessQuestion): string {
  // Each part says where it ends, but for the name, which is the last: callers may write anything into a namespace.
  const where = `${namespace.length}:${namespace}${name === undefined ? "" : `/${name}`}`;
  return `${identityOf(caller)} ${verb} ${resource.plural}/${subresource} ${where}`;
}

/** The answer to everybody who is no operator. */
export function deniedStatus(): Failure {
  return new Failure("denied", "ACCESS_DENIED", "You may not read this.", {
    next: "Ask an administrator of the cluster for the right to get analysisruns/explain in all namespaces.",
  });
}

/** The one answer to everybody who may not read something: the same whether or not it exists. */
export function denied(namespace: string): Failure {
  return new Failure(
    "denied",
    "ACCESS_DENIED",
    `You may not read this in project "${namespace}", or there is no such project.`,
    { next: "Check the project's name, or ask its owner for the right to get analysisruns and stages." },
  );
}
