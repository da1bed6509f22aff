import { LRUCache } from "lru-cache";
import * as z from "zod";
import { type Clock, steadyClock } from "../clock.ts";
import type { AccountRights } from "../identity/caller.ts";
import type { AccessSubject } from "../kube/access-review.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { NAMESPACES, SERVICE_ACCOUNTS } from "../kube/resources.ts";
import { type ClaimValues, readClaimAnnotations } from "./claim-annotations.ts";

/** Finds the ServiceAccounts whose rights a user has by Kargo's mapping of claims. */
export interface AnnotatedAccounts {
  /**
   * The accounts annotated with one of these claims: first those of the namespace, if it is a project of Kargo's, then
   * those of the global namespaces, each by name. At most 100 of a namespace.
   *
   * @param namespace empty: only the global ones.
   */
  matching(rights: AccountRights, namespace: string): Promise<readonly AccessSubject[]>;
  /** The same without the cache: the returned object reads each namespace once. */
  afresh(): AnnotatedAccounts;
}

interface AnnotatedAccount {
  readonly subject: AccessSubject;
  readonly claims: ClaimValues;
}

type Read = (namespace: string, isGlobal: boolean) => Promise<readonly AnnotatedAccount[]>;

/** How long the accounts of a namespace are kept. */
const KEPT_MS = 10_000;
const KEPT_NAMESPACES = 2_000;
/** Each costs a review: who may annotate accounts must not be able to have this server flood the cluster. */
const MAX_CANDIDATES = 100;
const MAX_ACCOUNTS = 1_000;
/** Kargo's own, whatever this server lists as projects. */
const PROJECT_LABEL = "kargo.akuity.io/project=true";

const Account = z.object({
  metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.unknown()).nullish() }),
});

/** Reads ServiceAccounts, and keeps those of a namespace that have claims for ten seconds. */
export function createAnnotatedAccounts({
  kube,
  clock,
}: {
  readonly kube: Pick<KubeApi, "list">;
  readonly clock: Clock;
}): AnnotatedAccounts {
  const cache = new LRUCache<string, readonly AnnotatedAccount[], { namespace: string; isGlobal: boolean }>({
    max: KEPT_NAMESPACES,
    ttl: KEPT_MS,
    ttlResolution: 0,
    perf: steadyClock(clock),
    // Otherwise a waiting caller would fail if a flood of other namespaces evicted theirs.
    ignoreFetchAbort: true,
    fetchMethod: (_key, _stale, { context: { namespace, isGlobal } }) => readAccounts(kube, namespace, isGlobal),
  });
  const read = async (namespace: string, isGlobal: boolean, forceRefresh: boolean) =>
    (await cache.fetch(`${namespace} ${isGlobal}`, { context: { namespace, isGlobal }, forceRefresh })) ?? [];

  const readAfresh = (): Read => {
    const asked = new Map<string, ReturnType<Read>>();
    return (namespace, isGlobal) => {
      const reading = asked.get(namespace) ?? read(namespace, isGlobal, true);
      asked.set(namespace, reading);
      return reading;
    };
  };

  const accountsBy = (readBy: Read): AnnotatedAccounts => ({
    async matching({ claims, globalNamespaces }, namespace) {
      const own = namespace === "" || globalNamespaces.includes(namespace) ? [] : [namespace];
      const lists = await Promise.all([
        ...own.map((each) => readBy(each, false)),
        // The namespace of the question comes first, even if it is global.
        ...globalNamespaces
          .toSorted((a, b) => Number(b === namespace) - Number(a === namespace))
          .map((each) => readBy(each, true)),
      ]);
      return lists.flatMap((accounts) =>
        accounts
          .filter((account) => isFor(account, claims))
          .slice(0, MAX_CANDIDATES)
          .map(({ subject }) => subject),
      );
    },
    afresh: () => accountsBy(readAfresh()),
  });
  return accountsBy((namespace, isGlobal) => read(namespace, isGlobal, false));
}

function isFor(account: AnnotatedAccount, claims: AccountRights["claims"]): boolean {
  return claims.some(([name, values]) => {
    const wanted = account.claims.get(name);
    return wanted !== undefined && values.some((value) => wanted.has(value));
  });
}

async function readAccounts(
  kube: Pick<KubeApi, "list">,
  namespace: string,
  isGlobal: boolean,
): Promise<readonly AnnotatedAccount[]> {
  // Several callers may wait for it.
  const { signal } = new AbortController();
  const accounts = await readAnnotated(kube, namespace, signal);
  // Most projects have no annotated account, so this is asked second.
  return isGlobal || accounts.length === 0 || (await isProject(kube, namespace, signal)) ? accounts : [];
}

async function readAnnotated(
  kube: Pick<KubeApi, "list">,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly AnnotatedAccount[]> {
  const accounts: AnnotatedAccount[] = [];
  for await (const chunk of kube.list(SERVICE_ACCOUNTS, namespace, { signal })) {
    for (const object of chunk) {
      const { name, annotations } = Account.safeParse(object).data?.metadata ?? {};
      const claims = readClaimAnnotations(annotations ?? {});
      if (name === undefined || claims.size === 0) continue;
      const username = `system:serviceaccount:${namespace}:${name}`;
      // As Kargo asks, without groups: a right of all accounts of a namespace is not one of its users.
      accounts.push({ subject: { username, uid: undefined, groups: [], extra: {} }, claims });
      if (accounts.length === MAX_ACCOUNTS) return accounts;
    }
  }
  return accounts;
}

async function isProject(kube: Pick<KubeApi, "list">, name: string, signal: AbortSignal): Promise<boolean> {
  for await (const chunk of kube.list(NAMESPACES, undefined, { name, labelSelector: PROJECT_LABEL, signal })) {
    if (chunk.length > 0) return true;
  }
  return false;
}
