import { randomBytes, timingSafeEqual } from "node:crypto";
import type { ServerResponse } from "node:http";
import { bearerToken } from "../identity/token.ts";
import type { Secret } from "../secret.ts";
import {
  headersOf,
  hostOf,
  ISOLATION_HEADERS,
  type NodeRequest,
  type NodeResponse,
  sendText,
} from "../server/node-http.ts";
import { originOf } from "../session/same-origin.ts";

export interface LocalDoorOptions {
  /** What programs of whoever started the server send as the bearer token. */
  readonly secret: Secret;
  /** The page to open. Absent: no browser gets in. */
  readonly page?:
    | {
        /** The path prefix of the page: long and random, so that it cannot be guessed. */
        readonly base: string;
        /** Where the link leads when it is opened, without the prefix. */
        readonly path: () => string;
      }
    | undefined;
}

/** Lets in whoever started this server, and nobody else. */
export interface LocalDoor {
  /** The path of the link that signs a browser in, once. Absent without a page. */
  readonly linkPath: string | undefined;
  /** Responds to a request that may not come in; returns whether it did. */
  serve(request: NodeRequest, response: NodeResponse, path: string): boolean;
}

const COOKIE = "taffrail-local";
const KEY_BYTES = 24;

/**
 * Guards a server on the loopback interface, which every user and every web page of the machine can reach:
 *
 * - The host must be a name of this machine: another site could have its own name lead here (DNS rebinding).
 * - Programs send the secret as a bearer token.
 * - A browser exchanges the link's key, once, for a cookie. Browsers send cookies to every port of a host, so that another
 *   user's server on this machine could collect it: its path is a prefix that only this server's own pages know. No page
 *   of another site can send it (SameSite=Strict), and no page of another port (`sec-fetch-site`, `origin`).
 */
export function createLocalDoor({ secret, page }: LocalDoorOptions): LocalDoor {
  let key: Buffer | undefined = page && randomBytes(KEY_BYTES);
  const linkPath = page && `${page.base}/open?key=${key?.toString("base64url")}`;
  /** The browser's, from the use of the link until it signs out. */
  let session: string | undefined;

  const open = (request: NodeRequest, response: NodeResponse, base: string, path: string): void => {
    const given = Buffer.from(new URL(request.url ?? "/", "http://local").searchParams.get("key") ?? "", "base64url");
    if (key === undefined || given.length !== key.length || !timingSafeEqual(given, key)) {
      sendText(response, 401, `This link was used before, or is not valid. ${NEW_LINK}`);
      return;
    }
    // Previews and checks of links do not use it up.
    if (request.method !== "GET") {
      sendText(response, 200, "", { "cache-control": "no-store" });
      return;
    }
    key = undefined;
    session = randomBytes(KEY_BYTES).toString("base64url");
    sendOpening(response, `${base}${path}`, `${COOKIE}=${session}; Path=${base}/; HttpOnly; SameSite=Strict`);
  };

  const serveBrowser = (request: NodeRequest, response: NodeResponse, path: string): boolean => {
    const isRead = request.method === "GET" || request.method === "HEAD";
    const from = originOf(headersOf(request), hostOf(request));
    if (from === "other" || (from === "unsaid" && !isRead)) {
      sendText(response, 403, "This request did not come from a page of this server.\n");
      return true;
    }
    if (path === "/session" && !isRead) {
      if (request.method !== "DELETE") sendText(response, 405, NO_TOKENS, { allow: "GET, HEAD, DELETE" });
      else {
        session = undefined;
        sendText(response, 204, "", { "set-cookie": `${COOKIE}=; Path=${page?.base}/; Max-Age=0` });
      }
      return true;
    }
    request.headers.authorization = `Bearer ${secret.reveal()}`;
    return false;
  };

  return {
    linkPath,
    serve(request, response, path) {
      if (!isForThisMachine(request)) {
        sendText(response, 421, "This server answers only for localhost.\n");
        return true;
      }
      if (page !== undefined && path === "/open") {
        open(request, response, page.base, page.path());
        return true;
      }
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        if (isSame(bearerToken(authorization)?.reveal(), secret.reveal())) return false;
      } else if (session !== undefined && cookiesOf(request).some((each) => isSame(each, session))) {
        return serveBrowser(request, response, path);
      }
      sendText(response, 401, `This server is only for whoever started it. ${NEW_LINK}`, {
        "cache-control": "no-store",
      });
      return true;
    },
  };
}

const NEW_LINK = "Each start of `taffrail ui` prints a new link.\n";
const NO_TOKENS = "Here nobody signs in with a token: the kubeconfig says who you are.\n";

function isSame(text: string | undefined, secret: string | undefined): boolean {
  if (text === undefined || secret === undefined) return false;
  const [given, expected] = [Buffer.from(text), Buffer.from(secret)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function cookiesOf(request: NodeRequest): readonly string[] {
  return (headersOf(request).get("cookie") ?? "")
    .split(";")
    .map((each) => each.trim())
    .filter((each) => each.startsWith(`${COOKIE}=`))
    .map((each) => each.slice(COOKIE.length + 1));
}

function isForThisMachine(request: NodeRequest): boolean {
  const url = `http://${hostOf(request)}`;
  return URL.canParse(url) && OWN_HOSTS.has(new URL(url).hostname);
}

const OWN_HOSTS: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Goes on to the page by a document of this server: after a link from another site, a browser would not send the new
 * cookie with a redirect.
 */
function sendOpening(response: NodeResponse, location: string, cookie: string): void {
  const text = `<!doctype html><meta http-equiv="refresh" content="0;url=${escapeHtml(location)}"><title>Taffrail</title>`;
  (response as ServerResponse)
    .writeHead(200, {
      ...ISOLATION_HEADERS,
      "content-type": "text/html; charset=utf-8",
      "content-length": String(Buffer.byteLength(text)),
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "set-cookie": cookie,
    })
    .end(text);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
