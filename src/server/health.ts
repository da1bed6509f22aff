import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.ts";
import { CLIENT_NETWORK } from "../rpc/caller-context.ts";
import type { Sleep } from "../sleep.ts";
import type { PublicStreams } from "./public-streams.ts";

/** When a watch ends by itself: it needs no token, and clients that are still there watch again. */
const WATCH_MS = 10 * 60_000;

export interface HealthOptions {
  /** The services that can be checked; the empty name is the whole server. */
  readonly names: readonly string[];
  /** Aborted when the server takes no new calls. */
  readonly stopping: AbortSignal;
  readonly publicStreams: PublicStreams;
  readonly sleep: Sleep;
}

/**
 * Serves gRPC health checking (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). A watch ends after ten
 * minutes.
 */
export function serveHealth(router: ConnectRouter, options: HealthOptions): void {
  const { names, stopping, publicStreams, sleep } = options;
  const known = new Set(["", ...names]);
  const status = (): Status => (stopping.aborted ? Status.NOT_SERVING : Status.SERVING);
  router.service(Health, {
    check({ service }) {
      if (!known.has(service)) throw new ConnectError("Unknown service.", Code.NotFound);
      return { status: status() };
    },
    list: () => ({ statuses: Object.fromEntries([...known].map((name) => [name, { status: status() }])) }),
    async *watch({ service }, { signal, values }) {
      const network = values.get(CLIENT_NETWORK);
      const remove = publicStreams.add(network);
      try {
        publicStreams.takeRequest(network);
        yield { status: known.has(service) ? status() : Status.SERVICE_UNKNOWN };
        await sleep(WATCH_MS, AbortSignal.any([stopping, signal])).catch(() => undefined);
        if (stopping.aborted && !signal.aborted && known.has(service)) yield { status: Status.NOT_SERVING };
      } finally {
        remove();
      }
    },
  });
}
