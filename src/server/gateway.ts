import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { NO_LONGER_NEEDED } from "../abort.ts";
import { CallerTurns } from "../access/caller-turns.ts";
import { OpenStreams } from "../access/open-streams.ts";
import { Rechecks } from "../access/rechecks.ts";
import { createRefusalDelay, REFUSAL_DELAY_MS } from "../access/refusal-delay.ts";
import { serverShutdown } from "../access/stream-stopped.ts";
import type { Clock } from "../clock.ts";
import type { CompiledConfig } from "../config/compile.ts";
import type { ServerTls } from "../config-values/tls-files.ts";
import { pageOfDeepLink } from "../kargo/deep-link.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { readOwnRights } from "../kube/own-rights.ts";
import { createCursors } from "../logs/cursor.ts";
import { decompressLimits } from "../logs/plan.ts";
import { memoizeFor } from "../memoize-for.ts";
import { createRate } from "../rate.ts";
import type { Services } from "../rpc/services.ts";
import { RUNS_AT_ONCE } from "../runs/authorized-run.ts";
import { LargeRuns } from "../runs/large-runs.ts";
import { ProjectLists } from "../runs/project-lists.ts";
import { RunLists } from "../runs/run-lists.ts";
import { RunReader } from "../runs/run-reader.ts";
import { createWatchedRuns } from "../runs/watched-runs.ts";
import { Secret } from "../secret.ts";
import { createPendingSignIns } from "../session/pending-sign-in.ts";
import { createRenewals } from "../session/renewals.ts";
import { createSessions } from "../session/sealed-session.ts";
import { type Sleep, sleep as sleepByTimer } from "../sleep.ts";
import { createSource } from "../sources/create-source.ts";
import { createCounters } from "../telemetry/counters.ts";

import { type Callers, type CallersDeps, createTokenCallers } from "./callers.ts";
import { endStalledResponse } from "./end-stalled-response.ts";
import { serveLink } from "./link-route.ts";
import { type Listener, listen, REQUEST_MS } from "./listen.ts";
import { joinAuthorizations, type NodeRequest, type NodeResponse, sendText } from "./node-http.ts";
import { createPage, type PageOptions } from "./page.ts";
import { createPresigner } from "./presigner.ts";
import { keepTrustedProxyHeaders } from "./proxy-headers.ts";
import { requestUsesTls } from "./public-url.ts";
import { serveRaw } from "./raw.ts";
import { createRpcRoutes } from "./rpc-routes.ts";
import { serveSession } from "./session-route.ts";
import { serveSignIn } from "./sign-in-route.ts";

export interface GatewayOptions {
  readonly compiled: CompiledConfig;
  readonly kube: KubeApi;
  readonly clock: Clock;
  /** Default: by timers. Tests pass their own. */
  readonly sleep?: Sleep;
  readonly log: Logger;
  readonly host: string | undefined;
  /** 0: any free port. */
  readonly port: number;
  /** PEM texts; `undefined`: cleartext. */
  readonly tls: ServerTls | undefined;
  /** Timeout for a whole request, in milliseconds. Default {@link REQUEST_MS}. */
  readonly requestMs?: number;
  /** By how many milliseconds a refusal is delayed at most while few are. Default {@link REFUSAL_DELAY_MS}. */
  readonly refusalDelayMs?: number;
  /** Whether the keys of the identity providers are read at once, and not only when a token comes. Default: no. */
  readonly readsProviders?: boolean;
  /** Who calls, and what they may read. Default: {@link createTokenCallers}. */
  readonly callers?: (deps: CallersDeps) => Callers;
  /** The web page. Default: where it is built. */
  readonly page?: Omit<PageOptions, "base">;
  /** Called before all other routes. Returns whether it responds. */
  readonly before?: (request: NodeRequest, response: NodeResponse, path: string) => boolean;
}

/** A running server. */
export interface Gateway {
  readonly address: Listener["address"];
  /**
   * Stops the server: accepts no new calls, lets streams continue for the configured drain time, then ends them with
   * SERVER_SHUTDOWN. A second call skips the rest of the drain time.
   */
  stop(): Promise<void>;
}

/** How long this server's own rights are cached, in milliseconds. */
const OWN_RIGHTS_MS = 10_000;

/** Time for the last messages to reach clients once streams end. */
const LAST_WORDS_MS = 1_000;

/**
 * Starts the service on one port.
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { compiled, kube, clock, sleep = sleepByTimer, requestMs = REQUEST_MS } = options;
  const { config } = compiled;
  const stopping = new AbortController();
  /** Aborted when the drain time is skipped. */
  const hurry = new AbortController();
  const keys = keysOf(compiled);
  const counters = createCounters(
    config.sources.map(({ name }) => name),
    clock,
  );
  const { egress } = compiled;
  const limits = { decompress: decompressLimits(config), scanBytes: config.limits.scanBytes };
  const { callers = createTokenCallers } = options;
  const { authenticator, providers, access, archiveAccess, projectAccess, guard, reviews } = callers({
    kube,
    clock,
    compiled,
    log: options.log,
  });
  const sources = compiled.sources.map((source) =>
    guard(createSource(source, { egress, kube, clock, sleep, limits, meter: counters.source(source.config.name) })),
  );
  const reports = createPresigner(compiled.links, egress);
  const streams = new OpenStreams({ total: config.limits.streams, perCaller: config.limits.streamsPerCaller });
  const largeRuns = new LargeRuns();
  const watchedRuns = createWatchedRuns(kube, largeRuns);
  const services: Services = {
    config,
    kube,
    runs: new RunReader(kube, clock, largeRuns),
    watchedRuns,
    calls: createRate({ perKey: config.limits.callsPerCaller }, clock),
    runTurns: new CallerTurns(RUNS_AT_ONCE),
    refusalDelay: createRefusalDelay(sleep, options.refusalDelayMs ?? REFUSAL_DELAY_MS),
    projectLists: new ProjectLists({ kube, access: projectAccess, clock, labelSelector: config.projects.selector }),
    runLists: new RunLists(kube, watchedRuns, largeRuns),
    clock,
    sleep,
    cursors: async (scope) => createCursors({ keys: await keys(), clock, scope }),
    sessions: async () => createSessions({ keys: await keys(), clock }),
    pendingSignIns: async () => createPendingSignIns(await keys()),
    renewals: createRenewals(providers.flows, clock),
    sources,
    lookups: compiled.lookups,
    links: compiled.links,
    presign: reports.presign,
    authenticator,
    providers,
    access,
    archiveAccess,
    streams,
    rechecks: new Rechecks({ authenticator, access, clock, sleep, everyMs: config.follow.recheck }),
    counters,
    ownRights: memoizeFor(OWN_RIGHTS_MS, clock, () =>
      readOwnRights(kube, {
        ...reviews,
        readsPods: sources.some(({ capabilities }) => capabilities.live),
      }),
    ),
  };
  const listener = await listen({
    host: options.host,
    port: options.port,
    tls: options.tls,
    requestMs,
    maxConnections: config.limits.connections,
    onDrop: () => counters.refusals.count("limits.connections"),
    onRequest: createRoutes(services, options, stopping.signal, requestMs),
  });

  if (options.readsProviders) void providers.warm();

  const end = async (): Promise<void> => {
    const over = new AbortController();
    const closed = listener.close().finally(() => over.abort(NO_LONGER_NEEDED));
    await untilAborted(config.shutdown.drain, AbortSignal.any([over.signal, hurry.signal]));
    streams.stop(serverShutdown());
    await untilAborted(LAST_WORDS_MS, over.signal);
    listener.destroy();
    await closed;
    const closing = sources.map((source) => source.close?.());
    await Promise.all([...closing, reports.close(), providers.close(), kube.close(), largeRuns.close()]);
  };
  let ended: Promise<void> | undefined;
  return {
    address: listener.address,
    stop() {
      if (stopping.signal.aborted) hurry.abort(NO_LONGER_NEEDED);
      stopping.abort(NO_LONGER_NEEDED);
      ended ??= end();
      return ended;
    },
  };
}

/** Reads the configured keys, or uses a random one for this process. */
function keysOf({ cursorKeys }: CompiledConfig): () => Promise<readonly Secret[]> {
  if (cursorKeys.length > 0) return () => Promise.all(cursorKeys.map((read) => read()));
  const random = [new Secret(randomBytes(32).toString("base64"))];
  return () => Promise.resolve(random);
}

function createRoutes(services: Services, options: GatewayOptions, stopping: AbortSignal, requestMs: number) {
  const { log, before = () => false } = options;
  const { basePath } = services.config;
  const page = createPage({ ...options.page, base: basePath });
  const serveRpc = createRpcRoutes(services, log, stopping, requestMs);
  const { signIns: total, signInsPerAddress: perKey } = services.config.limits;
  const signIns = createRate({ total, perKey }, services.clock);
  const { refusals } = services.counters;
  const stall = { stallMs: services.config.limits.readerStall, sleep: services.sleep, log, refusals };
  return (request: NodeRequest, response: NodeResponse): void => {
    // Without a listener, an error of a response whose client has disconnected would end the process.
    response.on("error", () => undefined);
    joinAuthorizations(request);
    keepTrustedProxyHeaders(request, services.config.limits.proxies);
    if (requestUsesTls(request, services.config)) response.setHeader(...STRICT_TRANSPORT);
    // A proxy may keep or strip the base path.
    if (basePath !== "" && request.url?.startsWith(`${basePath}/`)) request.url = request.url.slice(basePath.length);
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    endStalledResponse(response, path, stall);
    if (before(request, response, path) || serveRpc(request, response, path)) return;
    if (path === "/session" || path === "/session/renew") {
      void serveSession({ ...services, signIns }, log, request, response, requestMs);
      return;
    }
    if (path === "/session/login" || path === "/session/callback") {
      void serveSignIn({ ...services, signIns }, log, request, response);
      return;
    }
    if (page.serve(request, response, path)) return;
    const isRead = request.method === "GET" || request.method === "HEAD";
    const moved = isRead ? pageOfDeepLink(request.url ?? "") : undefined;
    if (moved !== undefined) {
      sendText(response, 302, "", { location: basePath + moved });
      return;
    }
    const isRaw = path.startsWith("/raw/");
    // For any method: RPC clients map only this status to UNIMPLEMENTED.
    const isLink = path.startsWith("/links/");
    if (!isRaw && !isLink && path !== "/healthz" && path !== "/readyz") sendText(response, 404, NOT_FOUND);
    else if (!isRead) sendText(response, 405, "Only GET is allowed here.\n", { allow: "GET, HEAD" });
    else if (isRaw) void serveRaw(services, log, request, response);
    else if (isLink) void serveLink(services, log, request, response);
    else if (path === "/readyz" && stopping.aborted) sendText(response, 503, "stopping\n");
    else sendText(response, 200, "ok\n");
  };
}

/** Browsers that reached this host by TLS use nothing else for a year (RFC 6797). */
const STRICT_TRANSPORT = ["strict-transport-security", "max-age=31536000"] as const;

const NOT_FOUND = `Not found. This server has:
  /                  the web page
  /raw/PROJECT/RUN   the log of a run as plain text
  /links/PROJECT/RUN a redirect to a report of a run
  /session           POST a token to sign in; GET returns the user
  /healthz, /readyz  health checks
  and the API taffrail.v1.AnalysisRunLogService over gRPC, gRPC-Web and Connect: grpcurl -plaintext HOST:PORT list
`;

/** Sleeps until the time has passed or the signal is aborted. */
async function untilAborted(ms: number, signal: AbortSignal): Promise<void> {
  await sleepByTimer(ms, signal).catch(() => undefined);
}
