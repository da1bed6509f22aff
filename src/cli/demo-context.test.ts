import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readContexts, writeContext } from "./context-file.ts";
import { demoContextName } from "./demo-context.ts";

let env: { readonly XDG_CONFIG_HOME: string };
let other: Server;
let url: string;
beforeEach(async () => {
  env = { XDG_CONFIG_HOME: mkdtempSync(join(tmpdir(), "taffrail-demo-")) };
  other = createServer((_request, response) => void response.end("{}")).listen(0, "127.0.0.1");
  await once(other, "listening");
  url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
});
afterEach(() => {
  other.closeAllConnections();
  other.close();
  rmSync(env.XDG_CONFIG_HOME, { recursive: true });
});

const name = async () => (await demoContextName(env, "demo-viewer"))(readContexts(env));

describe("the context of a demo", () => {
  it("is not that of another demo that runs, and is that of one that has stopped", async () => {
    expect(await name()).toBe("demo");
    await writeContext(env, "demo", { server: url, token: "demo-viewer" });
    expect(await name()).toBe("demo-2");
    await writeContext(env, "demo-2", { server: url, token: "demo-viewer" });
    expect(await name()).toBe("demo-3");
    other.close();
    other.closeAllConnections();
    expect(await name()).toBe("demo");
  });

  it("is not that of a demo that has started meanwhile", async () => {
    const choose = await demoContextName(env, "demo-viewer");
    await writeContext(env, "demo", { server: "http://127.0.0.1:1", token: "demo-viewer" });
    expect(choose(readContexts(env))).toBe("demo-2");
  });

  it.each([
    { server: "https://demo.example.com", token: "demo-viewer" },
    { server: "http://127.0.0.1:1", token: "mine" },
    { local: true as const },
  ])("is not one that the user has called demo: %j", async (mine) => {
    await writeContext(env, "demo", mine);
    expect(await name()).toBe("demo-2");
  });
});
