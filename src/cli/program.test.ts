import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runInProcess } from "../../test/fakes/cli.ts";
import { VERSION } from "../version.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taffrail-program-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("taffrail", () => {
  it("prints its version and its help on stdout", async () => {
    expect(await runInProcess(["--version"])).toEqual({ code: 0, out: `${VERSION}\n`, said: [] });
    for (const args of [["--help"], ["help"], ["logs", "--help"], ["help", "runs"]]) {
      const { code, out, said } = await runInProcess(args);
      expect([code, said]).toEqual([0, []]);
      expect(out).toMatch(/^Usage: taffrail /);
    }
  });

  it("prints its help on stderr without arguments", async () => {
    const { code, out, said } = await runInProcess([]);
    expect([code, out, said[0]]).toEqual([2, "", "Usage: taffrail [options] [command]"]);
  });

  it("suggests the right command for a misspelled one", async () => {
    expect(await runInProcess(["lgos"])).toEqual({
      code: 2,
      out: "",
      said: ["error: unknown command 'lgos'", "(Did you mean logs?)"],
    });
  });
});

describe("taffrail serve", () => {
  const KARGO = { ANALYSIS_RUN_LOG_URL_TEMPLATE: "https://logs.example/${{ jobName }}", TAFFRAIL_LOG_LEVEL: "silent" };
  const POD = { ...KARGO, KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1" };

  it("reports all faults of its configuration", async () => {
    const file = join(folder, "taffrail.yaml");
    writeFileSync(file, "sorces: []\nlisten: 7\n");
    expect(await runInProcess(["serve", "--config", file])).toEqual({
      code: 2,
      out: "",
      said: [
        "error: invalid configuration",
        '  taffrail.yaml:1:1: unknown key "sorces". Did you mean "sources"?',
        "  taffrail.yaml:2:9: listen must be a string, not a number",
      ],
    });
    expect(await runInProcess(["serve"])).toMatchObject({ code: 2 });
    writeFileSync(file, "tls: { certFile: /nowhere/crt, keyFile: /nowhere/key }");
    expect((await runInProcess(["serve", "--config", file], { env: POD })).said[1]).toBe(
      "  taffrail.yaml:1:6: the file /nowhere/crt does not exist: create it, or name another",
    );
  });

  it.each(["nowhere", ":", ":99999", "[::1", "a:b"])("does not listen on %j", async (listen) => {
    const { code, said } = await runInProcess(["serve", "--listen", listen], { env: POD });
    expect([code, said]).toEqual([2, [`error: "${listen}" is not HOST:PORT`]]);
  });

  it("says in one sentence why it cannot connect to the cluster", async () => {
    const { code, said } = await runInProcess(["serve", "--kubeconfig", join(folder, "gone")], { env: KARGO });
    expect(code).toBe(2);
    expect(said[0]).toMatch(/^error: cannot connect to the cluster: The kubeconfig cannot be read: ENOENT/);
  });

  it("reports that its port is in use", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const listen = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const { code, said } = await runInProcess(["serve", "--listen", listen], { env: POD });
    expect([code, said]).toEqual([1, [`error: listen EADDRINUSE: address already in use ${listen}`]]);
    taken.close();
  });
});

describe("taffrail demo", () => {
  it("reports an invalid cluster file or port", async () => {
    const file = join(folder, "cluster.yaml");
    writeFileSync(file, "kind: Namespace\n");
    const wrong = await runInProcess(["demo", "--cluster", file]);
    expect([wrong.code, wrong.said]).toEqual([
      2,
      [expect.stringMatching(/^error: .*cluster\.yaml:1: not a Kubernetes object/)],
    ]);
    const gone = await runInProcess(["demo", "--cluster", join(folder, "gone")]);
    expect([gone.code, gone.said]).toEqual([2, [`error: cannot read ${join(folder, "gone")} (ENOENT)`]]);
    expect(await runInProcess(["demo", "--port", "x"])).toMatchObject({ code: 2 });
  });
});
