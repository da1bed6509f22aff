import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { clusterObjects, GATEWAY_TOKEN } from "../integration/objects.ts";
import { plant, search } from "../planted/search.ts";
import { type CliOptions, type CliResult, runInProcess } from "./cli.ts";
import {
  CLI_CLIENT,
  type SignInProvider,
  type SignInProviderOptions,
  startSignInProvider,
} from "./cli-sign-in-provider.ts";
import { fakeTimer } from "./timers.ts";

export interface SignInWorldOptions {
  readonly provider?: SignInProviderOptions;
  /** The server's identity providers. Default: the provider, as `corp`. */
  readonly providers?: (issuer: string) => readonly object[];
  readonly audiences?: readonly string[];
  /** The server's log sources. Default: pods. */
  readonly sources?: readonly object[];
}

/** A gateway with an OpenID provider and a small cluster, and a user's folder. The account `reader` may read `shop`. */
export interface SignInWorld {
  readonly url: string;
  readonly provider: SignInProvider;
  readonly cluster: MiniKubernetes;
  /** The user's XDG_CONFIG_HOME. */
  readonly folder: string;
  /** Runs a command of the user. No response of a provider is late. */
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  /** Runs a command whose browser signs in as this account, or refuses. */
  inBrowser(
    args: readonly string[],
    account: string,
    consents?: boolean,
  ): Promise<CliResult & { readonly page: string }>;
  /** Runs a command with this browser, which returns what it shows in the end. */
  browsing(
    args: readonly string[],
    browser: (address: string) => Promise<string>,
  ): Promise<CliResult & { readonly page: string }>;
  /** The user's files of sign-ins, by name. Their tokens must not be printed from now on. */
  signIns(): Readonly<Record<string, StoredTokens>>;
  close(): Promise<void>;
}

export interface StoredTokens {
  readonly kind: string;
  readonly server: string;
  readonly idToken?: string;
  readonly refreshToken?: string;
  readonly token?: string;
  readonly issued?: string;
}

/** Reads `corp`'s users as the cluster's. */
export const corp = (issuer: string) => ({
  name: "corp",
  oidc: {
    issuer,
    clientId: "taffrail",
    cliClientId: CLI_CLIENT,
    usernamePrefix: "-",
    scopes: ["openid", "email"],
  },
});

export async function startSignInWorld(options: SignInWorldOptions = {}): Promise<SignInWorld> {
  const provider = await startSignInProvider(options.provider);
  const {
    providers = (issuer: string) => [{ name: "kubernetes", kubernetes: {} }, corp(issuer)],
    audiences = [],
    sources,
  } = options;
  const cluster = await startMiniKubernetes({ objects: clusterObjects() });
  const identity = { audiences, providers: providers(provider.issuer) };
  const config = { identity, shutdown: { drain: "0ms" }, ...(sources && { sources }) };
  const gateway = await startGateway({
    compiled: parseConfig(JSON.stringify(config), { name: "taffrail.yaml", folder: ".", env: {}, clock: systemClock }),
    kube: createKubeApi({
      server: cluster.url,
      credentials: async () => ({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
    }),
    clock: systemClock,
    log: createLog("trace", { write: (line) => search("log", line) }),
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
  });
  const folder = mkdtempSync(join(tmpdir(), "taffrail-sign-in-"));
  const run: SignInWorld["run"] = (args, { env, ...rest } = {}) =>
    runInProcess(args, { timer: fakeTimer(15_000).timer, env: { XDG_CONFIG_HOME: folder, ...env }, ...rest });
  const browsing: SignInWorld["browsing"] = async (args, browser) => {
    let shown: Promise<string> = Promise.resolve("");
    const result = await run(args, {
      // A browser does not keep the command waiting.
      openPage: (address) => {
        shown = browser(address);
      },
    });
    return { ...result, page: await shown };
  };
  return {
    url: `http://127.0.0.1:${gateway.address.port}`,
    provider,
    cluster,
    folder,
    run,
    inBrowser: (args, account, consents = true) =>
      browsing(args, async (address) => pageAt(await provider.browse(address, account, consents))),
    browsing,
    signIns() {
      const at = join(folder, "taffrail", "sign-ins");
      const files = readdirSync(at).filter((name) => name.endsWith(".json"));
      const all = files.map(
        (name) => [name, JSON.parse(readFileSync(join(at, name), "utf8")) as StoredTokens] as const,
      );
      for (const [, { idToken, refreshToken, token, issued }] of all)
        for (const each of [idToken, refreshToken, token, issued]) if (each !== undefined) plant(each);
      return Object.fromEntries(all);
    },
    async close() {
      void gateway.stop();
      await gateway.stop();
      await cluster.close();
      await provider.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What a page says, after its status. */
export async function pageAt(address: string): Promise<string> {
  const response = await fetch(address);
  return `${response.status} ${/<p>(.*)<\/p>/.exec(await response.text())?.[1]}`;
}
