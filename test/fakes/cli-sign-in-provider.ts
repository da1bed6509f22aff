import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration, type JWK } from "oidc-provider";
import { plant } from "../planted/search.ts";
import { createSigningKey } from "./scripted-provider.ts";

/** A certified OpenID provider (oidc-provider) in this process: what people do there is up to tests. */
export interface SignInProvider {
  readonly issuer: string;
  /** The requests so far, as `METHOD /path`. */
  readonly asked: readonly string[];
  /** Handles requests before the provider does; `undefined` ends that. */
  intercept(listener: ((...request: Parameters<RequestListener>) => "handled" | "passed") | undefined): void;
  /**
   * Does in a browser what a user does who is sent to this address: signs in and consents, or refuses. Returns the
   * address that the user is sent to in the end, without visiting it.
   */
  browse(address: string, account: string, consents?: boolean): Promise<string>;
  close(): Promise<void>;
}

/** The client of the command line. */
export const CLI_CLIENT = "taffrail-cli";
export const CALLBACK_PATH = "/auth/callback";

export interface SignInProviderOptions {
  /** How long ID tokens are valid, in seconds. Default 3,600. */
  readonly idTokenTtl?: number;
  readonly change?: Configuration;
}

/** Starts it on the loopback interface. Accounts are whatever signs in, with an address for each. */
export async function startSignInProvider({
  idTokenTtl = 3_600,
  change = {},
}: SignInProviderOptions = {}): Promise<SignInProvider> {
  const asked: string[] = [];
  let serve: RequestListener = (_, response) => response.destroy();
  let before: ((...request: Parameters<RequestListener>) => "handled" | "passed") | undefined;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${request.url?.split("?")[0]}`);
    if (before?.(request, response) === "handled") return;
    void serve(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey, kid } = createSigningKey("sign-in");
  // It warns of what nobody would use outside of tests.
  const { warn } = console;
  console.warn = () => {};
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" } as JWK] },
    clients: [
      {
        client_id: CLI_CLIENT,
        application_type: "native",
        token_endpoint_auth_method: "none",
        redirect_uris: [`http://localhost${CALLBACK_PATH}`],
        grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email"], groups: ["groups"] },
    scopes: ["openid", "email", "groups", "offline_access"],
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, groups: ["devops"] }),
    }),
    features: {
      deviceFlow: {
        enabled: true,
        userCodeInputSource: async (ctx) => {
          ctx.body = "<p>Enter the code.</p>";
        },
        userCodeConfirmSource: async (ctx, form) => {
          ctx.body = `${form}<button name="abort" value="yes">Abort</button>`;
        },
        successSource: async (ctx) => {
          ctx.body = "<p>Signed in.</p>";
        },
      },
      revocation: { enabled: true, allowedPolicy: async () => true },
      rpInitiatedLogout: { enabled: true },
    },
    // As most providers, it does not insist on a prompt for offline access.
    issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: true,
    cookies: { keys: ["for tests"] },
    ttl: {
      IdToken: idTokenTtl,
      AccessToken: 3_600,
      Grant: 3_600,
      Session: 3_600,
      Interaction: 3_600,
      DeviceCode: 600,
      RefreshToken: 86_400,
    },
    ...change,
  });
  console.warn = warn;
  serve = provider.callback();

  return {
    issuer,
    asked,
    intercept(listener) {
      before = listener;
    },
    browse: (address, account, consents = true) => browse(issuer, address, account, consents),
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}

/** Visits pages and submits their forms, until the user is sent elsewhere or a page has no form. */
async function browse(issuer: string, address: string, account: string, consents: boolean): Promise<string> {
  const cookies = new Map<string, string>();
  let next: { readonly url: string; readonly form?: URLSearchParams } = { url: address };
  for (let steps = 0; steps < 20; steps += 1) {
    const response = await fetch(next.url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
      ...(next.form && { method: "POST", body: next.form }),
    });
    const page = await response.text();
    for (const each of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location !== null) {
      const url = new URL(location, next.url).href;
      if (!url.startsWith(issuer)) {
        plantQuery(url);
        return url;
      }
      next = { url };
      continue;
    }
    const action = /action="([^"]+)"/.exec(page)?.[1];
    if (action === undefined) return next.url;
    const abort = /href="([^"]+\/abort)"/.exec(page)?.[1];
    if (!consents && abort !== undefined) {
      next = { url: new URL(abort, next.url).href };
      continue;
    }
    const form = new URLSearchParams({ login: account, password: "any" });
    for (const [, name = "", value = ""] of page.matchAll(/name="([^"]+)"[^>]*? value="([^"]*)"/g))
      form.set(name, value);
    if (!consents && page.includes('name="abort"')) form.set("abort", "yes");
    else form.delete("abort");
    next = { url: new URL(action, next.url).href, form };
  }
  throw new Error(`The user did not get anywhere: ${next.url}`);
}

/** A code is as good as a token until it has been used. */
function plantQuery(url: string): void {
  const code = new URL(url).searchParams.get("code");
  if (code !== null) plant(code);
}
