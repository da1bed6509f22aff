import { isIP } from "node:net";
import { Secret } from "../secret.ts";
import { type AddressSet, createAddressSet, isAddressRange } from "./address-kind.ts";

/** An HTTP proxy. */
export interface HttpProxy {
  /** Its scheme, host and port: `http:` or `https:`. */
  readonly url: URL;
  /** The value of `proxy-authorization`, if the proxy requires one. */
  readonly authorization: Secret | undefined;
}

/** The destination of a connection. */
export interface Destination {
  readonly protocol: string;
  /** A name or an address, without brackets. */
  readonly hostname: string;
  /** Empty for the scheme's default. */
  readonly port: string;
}

/** Returns the proxy for a connection; `undefined`: none. */
export type Proxies = (destination: Destination) => HttpProxy | undefined;

const LOOPBACK = createAddressSet(["127.0.0.0/8", "::1"]);

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, or the same in lower case, as most programs do. This machine itself
 * is never reached through a proxy. `NO_PROXY` is a list of names (`example.com` and its subdomains; `.example.com`:
 * only subdomains), addresses, ranges and `*`, each optionally with a port.
 *
 * @throws Error with one sentence that names the variable but not its value, which may contain a password.
 */
export function readProxies(env: NodeJS.ProcessEnv): Proxies {
  const secure = readProxy(env, "HTTPS_PROXY");
  const plain = readProxy(env, "HTTP_PROXY");
  if (secure === undefined && plain === undefined) return () => undefined;
  const exceptions = (env.no_proxy ?? env.NO_PROXY ?? "")
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map(readException);
  return (destination) => {
    const proxy = destination.protocol === "https:" ? secure : plain;
    const { hostname, protocol } = destination;
    const name = hostname.toLowerCase().replace(/(?<=.)\.$/, "");
    const port = destination.port || (protocol === "https:" ? "443" : "80");
    return isThisMachine(name) || exceptions.some((matches) => matches(name, port)) ? undefined : proxy;
  };
}

function readProxy(env: NodeJS.ProcessEnv, variable: string): HttpProxy | undefined {
  const text = env[variable.toLowerCase()] ?? env[variable];
  if (!text) return undefined;
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new Error(`${variable} is not the URL of an HTTP proxy, such as http://proxy.example.com:3128`);
  }
  const credentials = `${decode(url.username)}:${decode(url.password)}`;
  return {
    url: new URL(url.origin),
    authorization: credentials === ":" ? undefined : new Secret(`Basic ${Buffer.from(credentials).toString("base64")}`),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readException(entry: string): (name: string, port: string) => boolean {
  const [, host = entry, wanted] = isAddressRange(entry) ? [] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []);
  const text = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const matches = text === "*" ? () => true : isAddressRange(text) ? inSet(createAddressSet([text])) : underName(text);
  return (name, port) => (wanted === undefined || wanted === port) && matches(name);
}

function inSet(set: AddressSet): (name: string) => boolean {
  return (name) => isIP(name) !== 0 && set.has(name);
}

function underName(text: string): (name: string) => boolean {
  const wanted = text.replace(/\.$/, "");
  const suffix = wanted.replace(/^\*?\./, "");
  return (name) => (name === suffix && suffix === wanted) || name.endsWith(`.${suffix}`);
}

function isThisMachine(name: string): boolean {
  return isIP(name) === 0 ? name === "localhost" || name.endsWith(".localhost") : LOOPBACK.has(name);
}
