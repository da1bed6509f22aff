import { once } from "node:events";
import { text } from "node:stream/consumers";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { Secret } from "../../src/secret.ts";
import { listen } from "../../src/server/listen.ts";
import { type NodeResponse, sendText } from "../../src/server/node-http.ts";
import type { EagerClientData } from "../fakes/eager-client.ts";
import { WRONG_CERTIFICATE } from "../fakes/wrong-certificate.ts";

/** More than a socket takes before a writer has to wait for "drain", and less than the kernel takes at once. */
const BYTES = 100_000;

const ignore = (): void => undefined;

it("answers a request over TLS that arrives before the response to the last one has drained", async () => {
  const sent = new Int32Array(new SharedArrayBuffer(4));
  /** Responds, and blocks this thread until the client has received it all and has sent its next request. */
  const respondAndBlock = (response: NodeResponse): void => {
    sendText(response, 200, "x".repeat(BYTES));
    process.nextTick(() => Atomics.wait(sent, 0, 0, 10_000));
  };
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    tls: { cert: WRONG_CERTIFICATE.cert, key: new Secret(WRONG_CERTIFICATE.key) },
    onRequest: (request, response) => {
      // What is written in this phase of the event loop drains behind the next look at the sockets.
      if (request.url === "/first") setImmediate(respondAndBlock, response);
      else text(request).then((body) => sendText(response, 200, `received ${body}`), ignore);
    },
  });
  const workerData: EagerClientData = {
    ...{ port: listener.address.port, ca: WRONG_CERTIFICATE.cert, servername: "wrong.example" },
    ...{ bytes: BYTES, sent },
  };
  const client = new Worker(new URL("../fakes/eager-client.ts", import.meta.url), { workerData });
  try {
    const [received] = await once(client, "message");
    expect(received).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nreceived hello$/s);
  } finally {
    await client.terminate();
    const closed = listener.close();
    listener.destroy();
    await closed;
  }
});
