import type { Access } from "../access/access.ts";
import type { CallerTurns } from "../access/caller-turns.ts";
import type { GuardServices } from "../access/guarded-stream.ts";
import type { RefusalDelay } from "../access/refusal-delay.ts";
import type { Clock } from "../clock.ts";
import type { CompiledLink, ObjectLink } from "../config/compile.ts";
import type { Config } from "../config/schema.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import type { Providers } from "../identity/providers.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import type { OwnRight } from "../kube/own-rights.ts";
import type { CursorScope, Cursors } from "../logs/cursor.ts";
import type { Rate } from "../rate.ts";
import type { ProjectLists } from "../runs/project-lists.ts";
import type { RunLists } from "../runs/run-lists.ts";
import type { RunReader } from "../runs/run-reader.ts";
import type { WatchedRuns } from "../runs/watched-runs.ts";
import type { PendingSignIn } from "../session/pending-sign-in.ts";
import type { Renewals } from "../session/renewals.ts";
import type { Sessions } from "../session/sealed-session.ts";
import type { Sealer } from "../session/sealer.ts";
import type { Sleep } from "../sleep.ts";
import type { Lookups } from "../sources/lookups.ts";
import type { LogSource } from "../sources/source.ts";
import type { Counters } from "../telemetry/counters.ts";

/** The dependencies of handlers. */
export interface Services extends GuardServices {
  readonly config: Config;
  readonly kube: KubeApi;
  readonly runs: RunReader;
  readonly watchedRuns: WatchedRuns;
  readonly runLists: RunLists;
  readonly projectLists: ProjectLists;
  /** Unary calls, per user name. */
  readonly calls: Rate;
  /** Reads of runs, of which each caller has only some under way at once. */
  readonly runTurns: CallerTurns;
  /** Delays refusals of limits. */
  readonly refusalDelay: RefusalDelay;
  readonly authenticator: Authenticator;
  readonly providers: Pick<Providers, "health" | "flows">;
  readonly access: Access;
  /** Decides about reports in private buckets, which only this server guards. */
  readonly archiveAccess: Access;
  readonly sources: readonly LogSource[];
  /** The lookups in the cluster that the sources' templates and patterns need. */
  readonly lookups: Lookups;
  readonly links: readonly CompiledLink[];
  /** Makes an address by which a browser can read an object of a private bucket. */
  readonly presign: (link: ObjectLink, key: string) => Promise<string>;
  readonly counters: Counters;
  /** The permissions of this server's own account, cached for some seconds. */
  readonly ownRights: () => Promise<readonly OwnRight[]>;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** Creates and reads cursors, with the current keys. */
  readonly cursors: (scope: CursorScope) => Promise<Cursors>;
  /** Seals and opens sessions, with the current keys. */
  readonly sessions: () => Promise<Sessions>;
  /** Seals and opens sign-ins that have begun, with the current keys. */
  readonly pendingSignIns: () => Promise<Sealer<PendingSignIn>>;
  /** Renews sessions by their refresh tokens. */
  readonly renewals: Renewals;
}
