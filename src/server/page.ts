import type { ServerResponse } from "node:http";
import { ISOLATION_HEADERS, type NodeRequest, type NodeResponse, sendText } from "./node-http.ts";
import { ENCODINGS, type PageFile, type PageKind, readPage } from "./page-files.ts";

/** The web page, if there is one. */
export interface Page {
  /** Handles a request if its path belongs to the page; returns whether it does. */
  serve(request: NodeRequest, response: NodeResponse, path: string): boolean;
}

export interface PageOptions {
  /** The folder of the build. Default: where `npm run build:ui` and the package put it. */
  readonly folder?: URL;
  /** The path prefix of all routes, such as `/taffrail`; empty: none. */
  readonly base: string;
  /** Default: `server`. */
  readonly kind?: PageKind;
  /** Whether it is being built right now. Default: it is not. */
  readonly isBuilding?: () => boolean;
}

const IS_CHECKOUT = import.meta.url.endsWith(".ts");
/** The folder of the build in a checkout, and in the package, whose program is one bundle next to it. */
export const PAGE_FOLDER = new URL(IS_CHECKOUT ? "../../dist/ui/" : "./ui/", import.meta.url);

/** Paths of the page itself, which the page interprets. */
const ADDRESS = /^\/(?:$|sign-in$|(?:p|admin)(?:\/|$))/;

const HEADERS: Readonly<Record<string, string>> = {
  ...ISOLATION_HEADERS,
  // Only our own scripts and styles, from files.
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "worker-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  // URLs contain names of projects and runs, which other sites must not learn.
  "referrer-policy": "no-referrer",
};

const MISSING = `The web page has not been built. The API, the raw route and the command line work without it.\n${
  IS_CHECKOUT ? "Run `npm run build:ui`, then reload.\n" : "Reinstall the package: its folder dist/ui is missing.\n"
}`;
const BUILDING = "The web page is being built, which takes a few seconds. It reloads by itself.\n";

/** Creates the page's routes. Files are read at the first request once they exist. */
export function createPage({
  folder = PAGE_FOLDER,
  base,
  kind = "server",
  isBuilding = () => false,
}: PageOptions): Page {
  let files: ReadonlyMap<string, PageFile> | undefined;
  return {
    serve(request, response, path) {
      const isAsset = path.startsWith("/assets/");
      if (!isAsset && !ADDRESS.test(path)) return false;
      if (request.method !== "GET" && request.method !== "HEAD") {
        sendText(response, 405, "Only GET is allowed here.\n", { allow: "GET, HEAD" });
        return true;
      }
      files ??= isBuilding() ? undefined : readPage(folder, base, kind);
      if (files === undefined) {
        const building = isBuilding();
        sendText(response, 503, building ? BUILDING : MISSING, building ? { refresh: "1", "retry-after": "1" } : {});
        return true;
      }
      const file = files.get(isAsset ? path : "");
      if (file === undefined) sendText(response, 404, "File not found. Reload the page.\n");
      else sendFile(request, response, file);
      return true;
    },
  };
}

function sendFile(request: NodeRequest, response: NodeResponse, file: PageFile): void {
  const encoding = ENCODINGS.find((each) => file.encoded[each] && accepts(request, each));
  const body = (encoding && file.encoded[encoding]) ?? file.body;
  const headers = {
    ...HEADERS,
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    etag: file.etag,
    vary: "accept-encoding",
  };
  const outgoing = response as ServerResponse;
  if (isKnown(request, file.etag)) {
    outgoing.writeHead(304, headers).end();
    return;
  }
  outgoing.writeHead(200, {
    ...headers,
    "content-type": file.type,
    "content-length": String(body.length),
    ...(encoding && { "content-encoding": encoding }),
  });
  outgoing.end(request.method === "HEAD" ? undefined : body);
}

/** Whether the client already has it (RFC 9110 §13.1.2: weak comparison). */
function isKnown(request: NodeRequest, etag: string): boolean {
  const known = request.headers["if-none-match"] ?? "";
  return known.split(",").some((each) => each.trim() === "*" || each.trim().replace(/^W\//, "") === etag.slice(2));
}

function accepts(request: NodeRequest, encoding: string): boolean {
  const codings = String(request.headers["accept-encoding"] ?? "")
    .toLowerCase()
    .split(",");
  return codings.some((coding) => {
    const [name = "", ...parameters] = coding.split(";").map((each) => each.trim());
    return name === encoding && !parameters.some((each) => /^q=0(?:\.0*)?$/.test(each));
  });
}
