import type { ServerResponse } from "node:http";
import { type NodeRequest, type NodeResponse, sendText } from "./node-http.ts";
import { ENCODINGS, type PageFile, readPage } from "./page-files.ts";

/** The web page, where there is one. */
export interface Page {
  /** Answers a request if its path is one of the page's; says whether it is. */
  serve(request: NodeRequest, response: NodeResponse, path: string): boolean;
}

export interface PageOptions {
  /** Where it lies. Default: where `npm run build:ui` and the package have it. */
  readonly folder?: URL;
  /** The path before all of ours, such as `/taffrail`; empty where there is none. */
  readonly base: string;
  /** Whether it shows what can be broken in the demo. Default: no. */
  readonly isDemo?: boolean;
  /** Whether it is being built right now. Default: it is not. */
  readonly isBuilding?: () => boolean;
}

const IS_CHECKOUT = import.meta.url.endsWith(".ts");
/** Where the page lies in a checkout, and in the package, whose program is one bundle beside it. */
export const PAGE_FOLDER = new URL(IS_CHECKOUT ? "../../dist/ui/" : "./ui/", import.meta.url);

/** Addresses of the page itself: it finds out what they mean. */
const ADDRESS = /^\/(?:$|sign-in$|(?:p|admin)(?:\/|$))/;

const HEADERS: Readonly<Record<string, string>> = {
  // Scripts and styles of ours alone, from their files alone.
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
  // Addresses hold names of projects and runs: pages elsewhere do not need to know them.
  "referrer-policy": "no-referrer",
};

const MISSING = `The web page has not been built. The API, the raw route and the command line work without it.\n${
  IS_CHECKOUT
    ? "Run `npm run build:ui`, then reload.\n"
    : "Reinstall the package: its folder dist/ui is missing.\n"
}`;
const BUILDING = "The web page is being built, which takes a few seconds. It reloads by itself.\n";

/** Makes the page's part of the routes. Files are read at the first request after they are there. */
export function createPage({
  folder = PAGE_FOLDER,
  base,
  isDemo = false,
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
      files ??= isBuilding() ? undefined : readPage(folder, base, isDemo);
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
  const answer = response as ServerResponse;
  if (isKnown(request, file.etag)) {
    answer.writeHead(304, headers).end();
    return;
  }
  answer.writeHead(200, {
    ...headers,
    "content-type": file.type,
    "content-length": String(body.length),
    ...(encoding && { "content-encoding": encoding }),
  });
  answer.end(request.method === "HEAD" ? undefined : body);
}

/** Whether the client has it already (RFC 9110 §13.1.2: compared weakly). */
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
