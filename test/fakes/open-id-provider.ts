import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import Provider, { type JWK } from "oidc-provider";
import { Agent, request } from "undici";
import { plant } from "../planted/search.ts";
import type { TestCertificate } from "./certificates.ts";
import { createSigningKey, type SigningKey } from "./scripted-provider.ts";

export interface OpenIdProviderOptions {
  /** The claims of each account beside `sub`, by the account's name. */
  readonly accounts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Serves TLS with this certificate. Default: cleartext. */
  readonly tls?: TestCertificate;
}

/** A certified OpenID provider (oidc-provider) in this process, on a real socket. */
export interface OpenIdProvider {
  readonly issuer: string;
  /** Signs in as a browser does, by the code flow with PKCE, and returns the ID token. */
  signIn(account: keyof OpenIdProviderOptions["accounts"], clientId: string): Promise<string>;
  /** Signs with a new key from now on, and publishes this one alone. */
  rotate(): void;
  /** Resets all connections from now on. */
  fail(): void;
  close(): Promise<void>;
}

const CALLBACK = "https://taffrail.example.com/callback";
/** The clients, which have no secrets. */
const CLIENTS = ["taffrail", "taffrail-cli", "other"] as const;

/** Starts it on the loopback interface. */
export async function startOpenIdProvider({ accounts, tls }: OpenIdProviderOptions): Promise<OpenIdProvider> {
  let serve: RequestListener = (_, response) => response.destroy();
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => void serve(incoming, response);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dispatcher = new Agent({ connect: tls === undefined ? {} : { ca: tls.cert } });

  const begin = (key: SigningKey): void => {
    const provider = new Provider(issuer, {
      jwks: { keys: [{ ...key.privateKey.export({ format: "jwk" }), kid: key.kid, alg: "RS256", use: "sig" } as JWK] },
      clients: CLIENTS.map((client_id) => ({
        client_id,
        token_endpoint_auth_method: "none",
        redirect_uris: [CALLBACK],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      })),
      claims: { openid: ["sub", "preferred_username"], email: ["email", "email_verified"], groups: ["groups"] },
      scopes: ["openid", "email", "groups"],
      // Puts the claims of scopes into ID tokens, as most providers do.
      conformIdTokenClaims: false,
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
      cookies: { keys: ["for tests"] },
      ttl: { IdToken: 3_600, AccessToken: 3_600, Grant: 3_600, Session: 3_600, Interaction: 3_600 },
    });
    serve = provider.callback();
  };
  let keys = 1;
  begin(createSigningKey("key-1"));

  const signIn = async (account: string, clientId: string): Promise<string> => {
    const cookies = new Map<string, string>();
    /** Asks like a browser, and follows redirects until one leads to the client or a page is answered. */
    const browse = async (url: string, form?: Record<string, string>): Promise<string> => {
      const { headers, body } = await request(new URL(url, issuer), {
        dispatcher,
        method: form === undefined ? "GET" : "POST",
        headers: {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
          ...(form && { "content-type": "application/x-www-form-urlencoded" }),
        },
        ...(form && { body: new URLSearchParams(form).toString() }),
      });
      await body.dump();
      for (const each of [headers["set-cookie"] ?? []].flat()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
        cookies.set(name, value);
      }
      const next = headers.location;
      if (typeof next !== "string") return url;
      return next.startsWith(CALLBACK) ? next : browse(next);
    };

    const verifier = randomBytes(32).toString("base64url");
    const query = new URLSearchParams({
      client_id: clientId,
      redirect_uri: CALLBACK,
      response_type: "code",
      scope: "openid email groups",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    const login = await browse(`/auth?${query}`);
    const consent = await browse(login, { prompt: "login", login: account, password: "any" });
    const end = consent.startsWith(CALLBACK) ? consent : await browse(consent, { prompt: "consent" });
    const code = new URL(end).searchParams.get("code") ?? "";
    const answer = await request(`${issuer}/token`, {
      dispatcher,
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: clientId,
        redirect_uri: CALLBACK,
        code_verifier: verifier,
        code,
      }).toString(),
    });
    const { id_token: token } = (await answer.body.json()) as { readonly id_token?: string };
    if (token === undefined) throw new Error(`No token: the code flow ended at ${end}.`);
    plant(token);
    return token;
  };

  return {
    issuer,
    signIn,
    rotate() {
      keys += 1;
      begin(createSigningKey(`key-${keys}`));
    },
    fail() {
      serve = (incoming) => incoming.socket.destroy();
    },
    async close() {
      await dispatcher.close();
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}
