import { describe, expect, it } from "vitest";
import { hangs, sends } from "../fakes/scripted-store.ts";
import { HTTP_VERSIONS } from "./http-versions.ts";
import { TOKENS } from "./objects.ts";
import { useWorld } from "./world.ts";

const LOG = "Größe 😀\n<script>alert(1)</script>\nno line feed";
const reader = { authorization: `Bearer ${TOKENS.reader}` };

describe.each(HTTP_VERSIONS)("the raw route over $version", ({ ask }) => {
  const world = useWorld();
  const get = (path: string, headers: Record<string, string> = reader) => ask(world().port, { path, headers });
  const pathOf = ({ namespace, name }: { namespace: string; name: string }) => `/raw/${namespace}/${name}`;
  const runOf = (path: string) => path.slice("/raw/shop/".length);

  it("sends the log as text that browsers do not sniff and proxies hand on at once", async () => {
    const { status, headers, body, whole } = await get(pathOf(world().addLog(sends(LOG))));
    expect([status, body, whole]).toEqual([200, LOG, true]);
    expect(headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    expect(headers["content-disposition"]).toBeUndefined();
  });

  it("sends an empty body for an empty log", async () => {
    expect(await get(pathOf(world().addLog(sends(""))))).toMatchObject({ status: 200, body: "", whole: true });
  });

  it("names a download after its content in ASCII", async () => {
    const ref = world().addLog(sends(LOG), [{ name: 'größe "1"\r\nx: y' }]);
    const { headers, body } = await get(`${pathOf(ref)}?download=1`);
    expect(headers["content-disposition"]).toBe(`attachment; filename="${ref.name}.gr_e_1_x_y.1.main.log"`);
    expect(body).toBe(LOG);
  });

  it("answers HEAD with headers only, without reading the log", async () => {
    const path = pathOf(world().addLog((response) => response.writeHead(200).write("begin")));
    const { status, headers, body, whole } = await ask(world().port, { path, method: "HEAD", headers: reader });
    expect([status, body, whole]).toEqual([200, "", true]);
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    await world().store.untilAnswering(0);
  });

  it("answers HEAD with the status of a failure and no body", async () => {
    const request = { path: "/raw/shop/uat.none", method: "HEAD", headers: reader };
    expect(await ask(world().port, request)).toMatchObject({ status: 404, body: "", whole: true });
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("answers %s with 405 and the allowed methods", async (method) => {
    const path = pathOf(world().addLog(hangs));
    const { status, headers } = await ask(world().port, { path, method, headers: reader });
    expect(status).toBe(405);
    expect(headers.allow).toBe("GET, HEAD");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("selects a metric, an attempt and a container", async () => {
    const path = pathOf(world().addLog(sends(LOG), [{ name: "größe &=" }, { name: "other" }]));
    const query = `?metric=${encodeURIComponent("größe &=")}&attempt=1&container=main`;
    expect(await get(path + query)).toMatchObject({ status: 200, body: LOG });
    expect(await get(`${path}?metric=&attempt=last&container=`)).toMatchObject({ status: 200, body: LOG });
    expect(await get(`${path}?metric=none`)).toMatchObject({
      status: 404,
      body: expect.stringContaining("METRIC_NOT_FOUND"),
    });
    expect(await get(`${path}?attempt=2`)).toMatchObject({
      status: 404,
      body: expect.stringContaining("ATTEMPT_NOT_FOUND"),
    });
  });

  it.each([
    ["metrik=x", 'Unknown parameter "metrik". (REQUEST_INVALID)\n  next: Did you mean "metric"?'],
    ["x%0Ay=1", 'Unknown parameter "x\ufffdy". (REQUEST_INVALID)\n  next: The parameters are metric, attempt,'],
    [
      "follow=x",
      'Invalid value "x" for follow: use 1 or 0. (REQUEST_INVALID)\n  next: Correct the parameter, or omit it.',
    ],
    ["tail=-1", 'Invalid value "-1" for tail: use a number of lines, at most 9999999. (REQUEST_INVALID)'],
    ["wait=soon", 'Invalid value "soon" for wait: use a number of seconds, at most 999999. (REQUEST_INVALID)'],
    ["attempt=0", 'Invalid value "0" for attempt: use a number, counted from 1, or last, or failed. (REQUEST_INVALID)'],
    [
      "attempt=1e3",
      'Invalid value "1e3" for attempt: use a number, counted from 1, or last, or failed. (REQUEST_INVALID)',
    ],
    [
      "attempt=-1",
      'Invalid value "-1" for attempt: use a number, counted from 1, or last, or failed. (REQUEST_INVALID)',
    ],
  ])("rejects the query %s", async (query, text) => {
    const { status, body } = await get(`${pathOf(world().addLog(hangs))}?${query}`);
    expect(status).toBe(400);
    expect(body).toContain(text);
  });

  it.each([
    ["one name", "/raw/shop", 400],
    ["three names", "/raw/shop/RUN/x", 400],
    ["a slash at the end", "/raw/shop/RUN/", 400],
    ["two slashes within", "/raw//shop/RUN", 400],
    ["two slashes at the beginning", "//raw/shop/RUN", 404],
    ["dots", "/raw/../shop/RUN", 400],
    ["dots that lead to what looks right", "/raw/../1234shop/RUN", 400],
    ["one dot", "/raw/./shop/RUN", 400],
    ["encoded dots", "/raw/%2e%2e/shop/RUN", 400],
    ["encoded dots as the project", "/raw/%2e%2e/RUN", 400],
    ["encoded dots as the run", "/raw/shop/%2e%2e", 400],
    ["dots after the names", "/raw/shop/RUN/x/..", 400],
    ["an encoded slash", "/raw/shop%2FRUN", 400],
    ["an encoded slash within the run", "/raw/shop/..%2Fshop%2FRUN", 400],
    ["a backslash", "/raw/shop\\RUN", 400],
    ["double encoding", "/raw/shop/%2575at.run", 400],
    ["broken encoding", "/raw/shop/%E4", 400],
    ["an encoded zero", "/raw/shop/RUN%00", 400],
    ["capitals", "/RAW/shop/RUN", 404],
  ])("reads nothing for a path with %s", async (_, path, expected) => {
    const run = runOf(pathOf(world().addLog(sends(LOG))));
    const asked = world().store.asked.length;
    const { status, body } = await get(path.replace("RUN", run));
    expect(status).toBe(expected);
    expect(body).not.toContain("script");
    expect(world().store.asked.length).toBe(asked);
  });

  it("accepts names in any valid encoding", async () => {
    const run = runOf(pathOf(world().addLog(sends(LOG))));
    expect(await get(`/raw/%73hop/%75${run.slice(1)}`)).toMatchObject({ status: 200, body: LOG });
  });

  it("authenticates before it validates the request", async () => {
    const { status, headers, body } = await get("/raw/..%2F/x?nonsense=1", {});
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toBe("Bearer");
    expect(body).toContain("TOKEN_MISSING");
    expect(await get("/raw/..%2F/x", { authorization: "Bearer rubbish" })).toMatchObject({
      status: 401,
      body: expect.stringContaining("TOKEN_REFUSED"),
    });
  });
});
