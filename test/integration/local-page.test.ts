import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalWorld, startLocalUi, startLocalWorld, tokenOf, type Ui } from "./local-world.ts";

let world: LocalWorld;
beforeAll(async () => {
  world = await startLocalWorld();
});
afterAll(() => world?.close());

const startUi = (...args: readonly string[]): Promise<Ui> => startLocalUi(world, "anna", args);
const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
const asked = (ui: Ui, path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${ui.origin}${ui.base}${path}`, { ...init, headers, redirect: "manual" });

describe("taffrail ui", () => {
  let ui: Ui;
  let cookie: string;
  beforeAll(async () => {
    ui = await startUi("ui", "@failed");
  });
  afterAll(() => ui?.stop());

  it("prints a link, and opens it in a browser", () => {
    expect(ui.lines[0]).toBe("Taffrail reads as anna, by the kubeconfig's context demo. Press Ctrl-C to stop it.");
    expect(ui.opened).toEqual([ui.link]);
    expect(ui.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(ui.lines.join()).not.toContain(tokenOf("anna"));
  });

  it("gives nothing to anyone without the link: not the page, not the API, not its version or health", async () => {
    const paths = [
      "/",
      "/p/guestbook/runs",
      "/assets/main.js",
      "/session",
      "/healthz",
      "/raw/guestbook/x",
      "/links/guestbook/x",
    ];
    const rpcs = ["GetServerInfo", "ListAnalysisRuns", "GetAnalysisRunLogs"].map(
      (name) => `/taffrail.v1.AnalysisRunLogService/${name}`,
    );
    for (const base of [ui.base, ""]) {
      for (const path of [...paths, ...rpcs]) {
        const init = path.includes("Service") ? { method: "POST", body: "{}" } : {};
        const response = await fetch(`${ui.origin}${base}${path}`, init);
        expect([path, response.status, await response.text()]).toEqual([
          path,
          401,
          "This server is only for whoever started it. Each start of `taffrail ui` prints a new link.\n",
        ]);
      }
    }
    for (const authorization of ["Bearer x", `Bearer ${tokenOf("anna")}`, "Basic YTpi", "Bearer "]) {
      expect((await asked(ui, "/session", { authorization })).status).toBe(401);
    }
  });

  it("answers only for names of this machine, so that no other site's name leads here", async () => {
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.0.1", "", "a b"]) {
      const text = await rawRequest(ui, host, `${ui.base}/open${new URL(ui.link).search}`);
      expect([host, text.split("\r\n")[0]]).toEqual([host, expect.stringMatching(/ (421|400) /)]);
    }
    // The link is still unused.
    expect((await fetch(ui.link, { method: "HEAD" })).status).toBe(200);
  });

  it("exchanges the link for a cookie that only its own pages can send, once", async () => {
    const wrong = await fetch(ui.link.replace(/key=./, (start) => (start === "key=_" ? "key=A" : "key=_")));
    expect([wrong.status, wrong.headers.getSetCookie()]).toEqual([401, []]);
    const first = await fetch(ui.link, { redirect: "manual" });
    expect(first.status).toBe(200);
    cookie = cookieOf(first);
    expect(first.headers.getSetCookie()).toEqual([`${cookie}; Path=${ui.base}/; HttpOnly; SameSite=Strict`]);
    expect(first.headers.get("referrer-policy")).toBe("no-referrer");
    expect(await first.text()).toMatch(
      new RegExp(`content="0;url=${ui.base}/p/guestbook/runs/uat\\.[^"]*/m/[^"]+/a/\\d+/c/[^"]+"`),
    );
    const second = await fetch(ui.link);
    expect([second.status, second.headers.getSetCookie(), await second.text()]).toEqual([
      401,
      [],
      "This link was used before, or is not valid. Each start of `taffrail ui` prints a new link.\n",
    ]);
  });

  it("serves the browser with the cookie, and no request of another page with it", async () => {
    const own = { cookie, "sec-fetch-site": "same-origin" };
    const session = await asked(ui, "/session", own);
    expect([session.status, await session.json()]).toMatchObject([200, { username: "anna", expires: null }]);
    const list = (headers: Record<string, string>) =>
      asked(
        ui,
        "/taffrail.v1.AnalysisRunLogService/ListAnalysisRuns",
        { ...headers, "content-type": "application/json" },
        {
          method: "POST",
          body: JSON.stringify({ namespace: "guestbook", pageSize: 1 }),
        },
      );
    expect((await list(own)).status).toBe(200);
    for (const from of ["cross-site", "same-site"]) {
      expect([from, (await list({ cookie, "sec-fetch-site": from })).status]).toEqual([from, 403]);
      expect([from, (await asked(ui, "/session", { cookie, "sec-fetch-site": from })).status]).toEqual([from, 403]);
    }
    for (const origin of ["http://evil.example", "http://127.0.0.1:1", "null"]) {
      expect([origin, (await list({ cookie, origin })).status]).toEqual([origin, 403]);
    }
    // Browsers always say where a POST comes from.
    expect((await list({ cookie })).status).toBe(403);
    expect((await asked(ui, "/session", { cookie: `${cookie.slice(0, -1)}x` })).status).toBe(401);
    expect((await asked(ui, "/session", { cookie: "taffrail-local=" })).status).toBe(401);
    expect((await asked(ui, "/session", { cookie, authorization: "Bearer x" })).status).toBe(401);
  });

  it("takes no token, and ends the session at sign-out", async () => {
    const own = { cookie, origin: ui.origin };
    const post = await asked(ui, "/session", own, { method: "POST", body: '{"token":"x"}' });
    expect([post.status, await post.text()]).toEqual([
      405,
      "Here nobody signs in with a token: the kubeconfig says who you are.\n",
    ]);
    const out = await asked(ui, "/session", own, { method: "DELETE" });
    expect([out.status, out.headers.getSetCookie()]).toEqual([204, [`taffrail-local=; Path=${ui.base}/; Max-Age=0`]]);
    expect((await asked(ui, "/session", { cookie })).status).toBe(401);
  });

  it("ends when it is interrupted, without a trace of its keys", async () => {
    const { code, said } = await ui.stop();
    expect(code).toBe(0);
    expect(said.join()).not.toContain(cookie.split("=")[1]);
    await expect(fetch(ui.link)).rejects.toThrow();
  });
});

describe("taffrail serve --local", () => {
  it("serves the same, at a given address of this computer, and opens no browser", async () => {
    const ui = await startUi("serve", "--local", "--listen", "[::1]:0");
    expect(ui.origin).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(ui.opened).toEqual([]);
    const opening = await fetch(ui.link);
    expect(await opening.text()).toContain(`url=${ui.base}/p/guestbook/runs"`);
    await ui.stop();
  });

  it.each([
    ["0.0.0.0:8080", "without a server in the cluster, the page is for this computer only, not for 0.0.0.0"],
    ["[::]:8080", "without a server in the cluster, the page is for this computer only, not for ::"],
    ["192.168.0.7:8080", "without a server in the cluster, the page is for this computer only, not for 192.168.0.7"],
    ["nowhere", '"nowhere" is not HOST:PORT'],
  ])("does not listen on %s", async (listen, message) => {
    const result = await world.run("anna", ["serve", "--local", "--listen", listen]);
    expect([result.code, result.said[0]]).toEqual([2, `error: ${message}`]);
  });
});

describe("a report in a private bucket", () => {
  it.each([
    ["anna", 302],
    ["stageless", 403],
  ] as const)("is opened only after reviews of the run and its Stage: %s gets %d", async (person, status) => {
    const config = join(world.folder, `report-of-${person}.yaml`);
    const keys = { accessKeyId: { env: "STORE_TOKEN" }, secretAccessKey: { env: "STORE_TOKEN" } };
    const presign = { s3: { bucket: "reports", key: "${{ jobName }}.html", ...keys } };
    writeFileSync(config, world.storeText({ links: [{ title: "Report", presign }] }));
    const args = ["serve", "--local", "--listen", "127.0.0.1:0", "--config", config];
    const ui = await startLocalUi(world, person, args);
    const cookie = cookieOf(await fetch(ui.link));
    const runs = await world.run("anna", ["runs", "--local", "--failed", "-o", "name"]);
    const run = runs.out.split("\n").find((each) => each.startsWith("uat."));
    const path = `/links/guestbook/${run}?title=Report&metric=robot&attempt=2`;
    const response = await asked(ui, path, { cookie, "sec-fetch-site": "same-origin" });
    expect([response.status, response.headers.get("location") ?? ""]).toEqual([
      status,
      status === 302 ? expect.stringMatching(/^https:\/\/reports\.s3\..*X-Amz-Signature=/) : "",
    ]);
    await ui.stop();
  });
});

describe("the port of taffrail logs --local", () => {
  it("answers nobody but the command itself", async () => {
    const seen: string[] = [];
    const statuses: (readonly [string, number])[] = [];
    const listen = (await import("node:net")).Server.prototype.listen;
    // The port is told to nobody: the test reads it where it is opened.
    const spy = function (this: import("node:net").Server, ...args: unknown[]) {
      this.once("listening", () => {
        const address = this.address();
        if (typeof address === "object" && address !== null) seen.push(`http://127.0.0.1:${address.port}`);
      });
      return Reflect.apply(listen, this, args) as import("node:net").Server;
    };
    const { Server } = await import("node:net");
    Server.prototype.listen = spy as typeof listen;
    try {
      const { code } = await world.run("anna", ["logs", "@failed", "--local"], {
        onPiece: async () => {
          if (statuses.length > 0) return;
          for (const path of ["/", "/session", "/healthz", "/open?key=", "/raw/guestbook/x"]) {
            statuses.push([path, (await fetch(`${seen[0]}${path}`)).status]);
          }
        },
      });
      expect(code).toBe(0);
    } finally {
      Server.prototype.listen = listen;
    }
    expect(statuses.map(([, status]) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(seen).toHaveLength(1);
  });
});

/** Sends a request with any Host header. */
async function rawRequest({ origin }: Ui, host: string, path: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let text = "";
  socket.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await once(socket, "close");
  return text;
}
