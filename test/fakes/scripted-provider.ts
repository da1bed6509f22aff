import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type ScriptedStore, sends, startScriptedStore } from "./scripted-store.ts";

/** A key that a provider signs tokens with. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** As it is published. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** An OpenID provider on a real socket, whose answers and tokens are whatever a test wants. */
export interface ScriptedProvider {
  readonly issuer: string;
  /** The key that it publishes at first. */
  readonly key: SigningKey;
  /** The requested paths. */
  readonly asked: readonly string[];
  /** Its requests. The discovery document and the keys are answered as the last `publish` says. */
  readonly server: Pick<ScriptedStore, "answer" | "untilAnswering">;
  /** Publishes these keys. */
  publish(...keys: readonly Pick<SigningKey, "jwk">[]): void;
  /** Answers both documents with status 503, until something is published. */
  fail(): void;
  close(): Promise<void>;
}

export const DISCOVERY = "/.well-known/openid-configuration";
export const JWKS = "/keys";

/** Starts a provider on the loopback interface. */
export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const server = await startScriptedStore();
  const issuer = server.origin;
  const key = createSigningKey("first");
  const json = (body: unknown) => sends(JSON.stringify(body), { "content-type": "application/json" });
  const publish: ScriptedProvider["publish"] = (...keys) => {
    server.answer(DISCOVERY, json({ issuer, jwks_uri: issuer + JWKS }));
    server.answer(JWKS, json({ keys: keys.map(({ jwk }) => jwk) }));
  };
  publish(key);
  return {
    issuer,
    key,
    asked: server.asked,
    server,
    publish,
    fail() {
      for (const path of [DISCOVERY, JWKS]) server.answer(path, (response) => response.writeHead(503).end());
    },
    close: () => server.close(),
  };
}

/** Makes an RSA key, or an EC key for `ES256`. */
export function createSigningKey(kid: string, alg: "RS256" | "ES256" = "RS256", bits = 2048): SigningKey {
  const { privateKey } =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: bits })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...createPublicKey(privateKey).export({ format: "jwk" }), kid, alg, use: "sig" };
  return { kid, privateKey, jwk };
}

/**
 * Signs a token with `RS256`.
 *
 * @param header beside `alg` and `kid`.
 */
export function signToken({ kid, privateKey }: Omit<SigningKey, "jwk">, claims: object, header: object = {}): string {
  const ec = privateKey.asymmetricKeyType === "ec";
  const text = `${part({ alg: ec ? "ES256" : "RS256", kid, typ: "JWT", ...header })}.${part(claims)}`;
  const key = ec ? ({ key: privateKey, dsaEncoding: "ieee-p1363" } as const) : privateKey;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}

/** Signs a token with `HS256`. */
export function signByHmac(secret: string | Buffer, claims: object, header: object = {}): string {
  const text = `${part({ alg: "HS256", typ: "JWT", ...header })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** A token without a signature. */
export function unsigned(claims: object, header: object = { alg: "none" }): string {
  return `${part(header)}.${part(claims)}.`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
