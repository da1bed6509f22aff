/**
 * The minimum cost of a follower in a Connect server on Node: each call gets a message a second, as large as
 * Taffrail's, without any other work. Run `node connect-only.ts`; it prints its address.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

const LINE = `${new Date(0).toISOString()} INFO  worker-1 check status of GET /api/v1/orders/items: 200, as expected\n`;
const CURSOR = "x".repeat(576);

let tick = Promise.withResolvers<void>();
setInterval(() => {
  tick.resolve();
  tick = Promise.withResolvers();
}, 1_000);

const server = createServer(
  connectNodeAdapter({
    routes: (router) =>
      router.service(AnalysisRunLogService, {
        async *getAnalysisRunLogs() {
          for (let line = 1n; ; line += 1n) {
            yield { chunk: LINE, cursor: CURSOR, firstLine: line };
            await tick.promise;
          }
        },
      }),
  }),
);
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
