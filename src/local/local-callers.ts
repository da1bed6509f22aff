import { timingSafeEqual } from "node:crypto";
import { type Access, createAccess } from "../access/access.ts";
import { Failure } from "../failure.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Caller } from "../identity/caller.ts";
import { reviewAccess } from "../kube/access-review.ts";
import { Secret } from "../secret.ts";
import type { Callers, CallersDeps } from "../server/callers.ts";
import { guardArchive } from "./guard-archive.ts";
import type { KubeUserInfo } from "./who-am-i.ts";

export interface LocalCallersOptions {
  /** What whoever started this server sends as the bearer token. Nobody else knows it. */
  readonly secret: Secret;
  /** The kubeconfig's user. */
  readonly user: KubeUserInfo;
}

/**
 * The only caller of a server that runs with the kubeconfig of whoever started it.
 *
 * The API server gets their own credentials with each read and decides about it. What it does not guard, which are the
 * logs in archives and the reports in private buckets, is decided by SelfSubjectAccessReviews: on the run, and then on
 * its Stage.
 */
export function createLocalCallers({ secret, user }: LocalCallersOptions): (deps: CallersDeps) => Callers {
  return ({ kube, clock, compiled }) => {
    const { subresource } = compiled.config.access;
    const reviews = createAccess({
      kube,
      clock,
      subresource,
      review: (question) => reviewAccess(kube, question),
    });
    const caller: Caller = { token: secret, ...user, uid: undefined, extra: {} };
    return {
      authenticator: createLocalAuthenticator(secret, caller),
      access: createLocalAccess(reviews),
      archiveAccess: reviews,
      projectAccess: reviews,
      providers: { flows: [], health: () => [], warm: async () => {}, close: async () => {} },
      reviews: { reviewsTokens: false, reviewsAccess: false, mapsClaims: false },
      guard: (source) => guardArchive(source, { kube, access: reviews, caller, subresource }),
    };
  };
}

function createLocalAuthenticator(secret: Secret, caller: Caller): Authenticator {
  const expected = Buffer.from(secret.reveal());
  return {
    async authenticate(credential) {
      const token = credential instanceof Secret ? credential : undefined;
      const given = Buffer.from(token?.reveal() ?? "");
      if (given.length === expected.length && timingSafeEqual(given, expected)) return caller;
      const reason = token === undefined ? "TOKEN_MISSING" : "TOKEN_REFUSED";
      throw new Failure("unauthenticated", reason, "This server is only for whoever started it.", {
        next: "Open the link that `taffrail ui` printed, or start it yourself.",
      });
    },
  };
}

/** Every read has the caller's own credentials, so the API server decides about it. */
function createLocalAccess(reviews: Access): Access {
  const always = async (): Promise<boolean> => true;
  const guarded = { mayReadStage: always, mayExplain: always };
  return {
    ...reviews,
    ...guarded,
    mayReadRuns: always,
    mayListRuns: always,
    mayWatchRuns: always,
    // The API server does not end a log or a watch whose reader has lost the right to it.
    afresh: () => ({ ...reviews.afresh(), ...guarded }),
  };
}
