import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.ts";

/**
 * Serves gRPC health checking (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
 *
 * @param names the services that can be checked; the empty name is the whole server.
 * @param stopping aborted when the server takes no new calls.
 */
export function serveHealth(router: ConnectRouter, names: readonly string[], stopping: AbortSignal): void {
  const known = new Set(["", ...names]);
  const status = (): Status => (stopping.aborted ? Status.NOT_SERVING : Status.SERVING);
  router.service(Health, {
    check({ service }) {
      if (!known.has(service)) throw new ConnectError("Unknown service.", Code.NotFound);
      return { status: status() };
    },
    list: () => ({ statuses: Object.fromEntries([...known].map((name) => [name, { status: status() }])) }),
    async *watch({ service }, { signal }) {
      yield { status: known.has(service) ? status() : Status.SERVICE_UNKNOWN };
      if (!stopping.aborted) await aborted([stopping, signal]);
      if (!signal.aborted && known.has(service)) yield { status: Status.NOT_SERVING };
    },
  });
}

/** Waits until one of the signals is aborted, and removes its listeners. */
function aborted(signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    for (const signal of signals) signal.addEventListener("abort", done);
    if (signals.some((signal) => signal.aborted)) done();
  });
}
