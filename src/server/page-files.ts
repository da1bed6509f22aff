import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** A file of the web page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** The same, compressed. */
  readonly encoded: Readonly<Partial<Record<Encoding, Buffer>>>;
  /** Whether its name changes with its content. */
  readonly immutable: boolean;
  readonly etag: string;
}

/** The supported content codings, best first. */
export const ENCODINGS = ["br", "gzip"] as const;
export type Encoding = (typeof ENCODINGS)[number];

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** The kind of server: one in a cluster, the demo with its controls, or one for the user of this computer alone. */
export type PageKind = "server" | "demo" | "local";

/**
 * Reads the output of `npm run build:ui`: `index.html` under the key "", its assets under `/assets/NAME`. All of it is
 * a few hundred kilobytes, and nothing else is served.
 *
 * @param folder the folder of the build.
 * @param kind what kind of server serves it.
 * @param base the path prefix of all routes, such as `/taffrail`; empty: none.
 * @returns `undefined` if no page was built.
 */
export function readPage(folder: URL, base: string, kind: PageKind): ReadonlyMap<string, PageFile> | undefined {
  let html: string;
  try {
    html = readFileSync(new URL("index.html", folder), "utf8");
  } catch {
    return undefined;
  }
  const files = new Map<string, PageFile>();
  const index = Buffer.from(
    html
      .replaceAll('="./', `="${base}/`)
      .replace('content="BASE"', `content="${base}"`)
      .replace('content="KIND"', `content="${kind}"`),
  );
  files.set("", {
    ...described("text/html; charset=utf-8", index, false),
    encoded: { br: brotliCompressSync(index), gzip: gzipSync(index) },
  });
  const names = new Set(readdirSync(new URL("assets/", folder)));
  for (const name of names) {
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (type === undefined) continue;
    const read = (suffix: string): Buffer => readFileSync(new URL(`assets/${name}${suffix}`, folder));
    files.set(`/assets/${name}`, {
      ...described(type, read(""), true),
      encoded: {
        ...(names.has(`${name}.br`) && { br: read(".br") }),
        ...(names.has(`${name}.gz`) && { gzip: read(".gz") }),
      },
    });
  }
  return files;
}

function described(type: string, body: Buffer, immutable: boolean): Omit<PageFile, "encoded"> {
  // Weak: the same for all encodings of a file.
  const etag = `W/"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { type, body, immutable, etag };
}
