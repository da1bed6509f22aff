import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HTTP_VERSIONS } from "./http-versions.ts";
import { startWorld, useWorld, type World } from "./world.ts";

const SCRIPT = `console.log("${"page ".repeat(500)}")`;
const INDEX =
  '<!doctype html><meta name="taffrail-base" content="BASE"><script type="module" src="./assets/index-1a2b.js"></script>';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "taffrail-page-"));
  mkdirSync(join(root, "ui/assets"), { recursive: true });
  writeFileSync(join(root, "secret.js"), "not a file of the page");
  writeFileSync(join(root, "ui/index.html"), INDEX);
  writeFileSync(join(root, "ui/assets/index-1a2b.js"), SCRIPT);
  writeFileSync(join(root, "ui/assets/index-1a2b.js.br"), brotliCompressSync(SCRIPT));
  writeFileSync(join(root, "ui/assets/index-1a2b.js.gz"), gzipSync(SCRIPT));
  writeFileSync(join(root, "ui/assets/notes.txt"), "a type that is not served");
});
afterAll(() => rmSync(root, { recursive: true }));

const folder = (): URL => pathToFileURL(`${root}/ui/`);
const raw = { "accept-encoding": "identity" };

describe("the web page", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ page: { folder: folder() } });
  });
  afterAll(() => world.close());
  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(world.url + path, { redirect: "manual", ...init });

  it.each(["/", "/sign-in", "/p/guestbook", "/p/a/runs/b/m/x%2Fy/a/2/c/z?q=1", "/admin/health"])(
    "is served at %s, with a policy that allows only its own files",
    async (path) => {
      const response = await get(path);
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      expect(await response.text()).toBe(INDEX.replace("BASE", "").replace("./assets", "/assets"));
      expect(response.headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      );
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("referrer-policy")).toBe("no-referrer");
      expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(response.headers.get("strict-transport-security")).toBeNull();
      expect(response.headers.get("cache-control")).toBe("no-cache");
    },
  );

  it("lets browsers cache its files for ever, in the best accepted encoding", async () => {
    const bodies = [];
    for (const [accepted, encoding] of [
      ["gzip, deflate, br, zstd", "br"],
      ["GZIP;q=0.5", "gzip"],
      ["br;q=0, gzip", "gzip"],
      ["br;q=0.000, identity", null],
      ["", null],
    ] as const) {
      // fetch decodes the body, so only the length shows what was sent.
      const response = await get("/assets/index-1a2b.js", { headers: { "accept-encoding": accepted || "identity" } });
      expect([accepted, response.headers.get("content-encoding")]).toEqual([accepted, encoding]);
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(response.headers.get("vary")).toBe("accept-encoding");
      expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
      bodies.push([Number(response.headers.get("content-length")), await response.text()]);
    }
    const [br, gz] = [brotliCompressSync(SCRIPT), gzipSync(SCRIPT)];
    expect(bodies).toEqual([br.length, gz.length, gz.length, SCRIPT.length, SCRIPT.length].map((n) => [n, SCRIPT]));
  });

  it("answers 304 to a client that has it", async () => {
    for (const path of ["/", "/assets/index-1a2b.js"]) {
      const etag = (await get(path)).headers.get("etag") ?? "";
      expect(etag).toMatch(/^W\/"[-\w]{22}"$/);
      for (const known of [etag, `"x", ${etag}`, etag.slice(2), "*"]) {
        const response = await get(path, { headers: { "if-none-match": known } });
        expect([known, response.status, await response.text()]).toEqual([known, 304, ""]);
        expect(response.headers.get("etag")).toBe(etag);
      }
      expect((await get(path, { headers: { "if-none-match": '"x"' } })).status).toBe(200);
    }
  });

  it("answers HEAD without a body, and 405 to other methods", async () => {
    const head = await get("/assets/index-1a2b.js", { method: "HEAD", headers: raw });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
      200,
      String(SCRIPT.length),
      "",
    ]);
    for (const method of ["POST", "PUT", "DELETE"]) {
      for (const path of ["/", "/p/a", "/assets/index-1a2b.js"]) {
        const response = await get(path, { method });
        expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      }
    }
  });

  it("serves only files that it was built with", async () => {
    for (const path of ["/assets/", "/assets/index-9999.js", "/assets/notes.txt", "/assets/index-1a2b.js.br"]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
    expect((await get("/favicon.ico")).status).toBe(404);
    expect((await get("/px")).status).toBe(404);
  });

  it.each(HTTP_VERSIONS)("rejects path traversal over $version", async ({ ask }) => {
    for (const path of [
      "/assets/../secret.js",
      "/assets/../../secret.js",
      "/assets/..%2f..%2fsecret.js",
      "/assets/%2e%2e/%2e%2e/secret.js",
      "/assets/..\\..\\secret.js",
      "/assets//etc/passwd",
      "/assets/%00",
      "/assets/__proto__",
    ]) {
      const { status, body } = await ask(world.port, { path });
      expect([path, status, body.includes("not a file of the page")]).toEqual([path, 404, false]);
    }
  });
});

describe("a base path", () => {
  const world = useWorld({ page: { folder: pathToFileURL("/") }, config: { basePath: "/taffrail" } });

  it("prefixes everything that the page loads, whether or not a proxy strips it", async () => {
    const based = await startWorld({ page: { folder: folder() }, config: { basePath: "/tools/taffrail" } });
    const html = INDEX.replace("BASE", "/tools/taffrail").replace("./assets", "/tools/taffrail/assets");
    for (const path of ["/tools/taffrail/p/a/runs/b", "/p/a/runs/b"]) {
      expect(await (await fetch(based.url + path)).text()).toBe(html);
    }
    for (const path of ["/tools/taffrail/assets/index-1a2b.js", "/assets/index-1a2b.js"]) {
      expect(await (await fetch(based.url + path)).text()).toBe(SCRIPT);
    }
    expect((await fetch(`${based.url}/tools/taffrail/healthz`)).status).toBe(200);
    expect((await fetch(`${based.url}/tools/taffrailx/healthz`)).status).toBe(404);
    await based.close();
  });

  it("prefixes RPCs and raw logs too", async () => {
    const rpc = "/taffrail/taffrail.v1.AnalysisRunLogService/GetServerInfo";
    const headers = { "content-type": "application/json" };
    expect((await fetch(world().url + rpc, { method: "POST", body: "{}", headers })).status).toBe(200);
    expect((await fetch(`${world().url}/taffrail/raw/shop/uat`)).status).toBe(401);
  });
});

describe("a missing page", () => {
  it("answers 503 with the next step until it is built", async () => {
    const empty = mkdtempSync(join(tmpdir(), "taffrail-none-"));
    let isBuilding = false;
    const world = await startWorld({
      page: { folder: pathToFileURL(`${empty}/`), isBuilding: () => isBuilding },
    });
    const missing = await fetch(`${world.url}/p/a`);
    expect([missing.status, missing.headers.get("refresh")]).toEqual([503, null]);
    expect(await missing.text()).toContain("npm run build:ui");
    isBuilding = true;
    const building = await fetch(`${world.url}/p/a`);
    expect([building.status, building.headers.get("refresh")]).toEqual([503, "1"]);
    expect(await building.text()).toContain("It reloads by itself.");
    mkdirSync(join(empty, "assets"));
    writeFileSync(join(empty, "index.html"), INDEX);
    isBuilding = false;
    expect((await fetch(`${world.url}/p/a`)).status).toBe(200);
    await world.close();
    rmSync(empty, { recursive: true });
  });
});
