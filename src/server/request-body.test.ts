import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { readBody } from "./request-body.ts";

const server = createServer();
afterEach(() => server.close());

function timers(): number {
  return process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
}

it("a body that nobody reads to its end holds no timer once the request is closed", async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const requested = once(server, "request");
  client.write("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
  const [request] = (await requested) as [IncomingMessage, ServerResponse];
  const before = timers();
  const body = readBody(request, 600_000, true);
  expect(Buffer.from((await body.next()).value ?? []).toString()).toBe("abc");
  expect(timers()).toBe(before + 1);
  const closed = new Promise((resolve) => request.once("error", () => undefined).once("close", resolve));
  client.destroy();
  await closed;
  expect(timers()).toBeLessThanOrEqual(before);
});
