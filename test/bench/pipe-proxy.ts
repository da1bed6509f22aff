/**
 * The baseline of the bench: the simplest reverse proxy in Node, `node pipe-proxy.ts ORIGIN`. It checks nothing and
 * caches nothing. It prints its address.
 */
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

const origin = process.argv[2];
if (origin === undefined) throw new Error("Say which origin to serve.");
const agent = new Agent({ keepAlive: true });

const server = createServer((incoming, outgoing) => {
  request(new URL(incoming.url ?? "/", origin), { agent }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  })
    .on("error", () => outgoing.destroy())
    .end();
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
