import { once } from "node:events";
import { createServer, get as getByHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createDemoRoutes } from "./demo-routes.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** The demo's routes on a port. @param waits the results of the rate limit, one after another; then 0. */
async function serve(signIn: () => Response, waits: readonly number[] = []) {
  const left = [...waits];
  const routes = createDemoRoutes({
    about: {},
    link: { path: "/p/guestbook", token: "a-token" },
    signIn: () => Promise.resolve(signIn()),
    tries: { take: () => left.shift() ?? 0 },
    acts: {},
  });
  const server = createServer((request, response) =>
    routes.serve(request, response, (request.url ?? "").split("?", 1)[0] ?? ""),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = async (path = routes.linkPath) => {
    const { status, headers } = await fetch(url + path, { redirect: "manual" });
    return [status, headers.get("location") ?? headers.get("retry-after"), headers.get("set-cookie")];
  };
  return Object.assign(get, { url });
}

const signedIn = () => new Response("{}", { headers: { "set-cookie": "a=b" } });
const USED = [303, "/sign-in?used=1&next=%2Fp%2Fguestbook", null];

it("the one-time link signs in once", async () => {
  const get = await serve(signedIn);
  expect(await get("/demo/open?key=wrong")).toEqual(USED);
  expect(await get()).toEqual([303, "/p/guestbook", "a=b"]);
  expect(await get()).toEqual(USED);
});

it("the one-time link is refused after too many tries, and stays valid", async () => {
  const get = await serve(signedIn, [1_500]);
  expect(await get()).toEqual([429, "2", null]);
  expect(await get()).toEqual([303, "/p/guestbook", "a=b"]);
});

it("the one-time link stays valid after too many sign-ins", async () => {
  const answers = [new Response("", { status: 429, headers: { "retry-after": "7" } }), signedIn()];
  const get = await serve(() => answers.shift() ?? signedIn());
  expect(await get()).toEqual([429, "7", null]);
  expect(await get()).toEqual([303, "/p/guestbook", "a=b"]);
});

it.each([
  ["127.0.0.1:8282", 200],
  ["localhost:8282", 200],
  ["[::1]:8282", 200],
  ["evil.example", 421],
  ["127.0.0.1.evil.example:8282", 421],
])("answers a request for %s with %i", async (host, status) => {
  const get = await serve(signedIn);
  const [response] = await once(getByHttp(`${get.url}/demo`, { headers: { host } }), "response");
  response.resume();
  expect(response.statusCode).toBe(status);
});
