import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import type { TlsSettings } from "../egress/egress.ts";
import { memoizeFor } from "../memoize-for.ts";
import { Secret } from "../secret.ts";
import { explainUnread } from "./secret-reader.ts";

/** The TLS settings of a store in a configuration. */
export const ClientTls = z
  .strictObject({
    caFile: z.string().min(1).optional().describe("The CA certificates (PEM) to trust instead of the public ones."),
    certFile: z.string().min(1).optional().describe("The client certificate chain (PEM)."),
    keyFile: z.string().min(1).optional().describe("Its key (PEM)."),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe("The name that the store's certificate must have. Default: the host of the address."),
  })
  .refine(
    (tls) => (tls.certFile === undefined) === (tls.keyFile === undefined),
    "must have both certFile and keyFile, or neither",
  )
  .describe("TLS to the store: whom to trust, and the client certificate. Files are read again when they change.");

/** The server's certificate and key in a configuration. */
export const ServerTlsFiles = z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) });

type ClientTlsConfig = z.output<typeof ClientTls>;

/** A mounted Secret changes at most once a minute; this only saves reads. */
const REREAD_MS = 10_000;
const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** The server's certificate and key. */
export interface ServerTls {
  /** The certificate chain, as PEM. */
  readonly cert: string;
  /** Its key, as PEM. */
  readonly key: Secret;
}

/** Reads the current settings. They are the same object until a file changes. */
export type TlsReader = () => Promise<TlsSettings>;

/**
 * Opens certificates and a key. They must exist and match now, and are read again when they rotate.
 *
 * @param folder the base of relative file names.
 * @throws Error with one sentence that names the file.
 */
export function openTlsFiles(config: ClientTlsConfig, folder: string, clock: Clock): TlsReader {
  const { caFile, certFile, keyFile } = config;
  const files = [caFile, certFile, keyFile];
  const paths = files.map((file) => file && resolve(folder, file));
  let texts = paths.map((path, index) => {
    try {
      return path && readFileSync(path, "utf8");
    } catch (error) {
      throw explainUnread(files[index] ?? "", error);
    }
  });
  let current = settingsOf(config, texts);
  return memoizeFor(REREAD_MS, clock, async () => {
    const read = await Promise.all(paths.map((path) => path && readFile(path, "utf8")));
    // In the middle of a rotation, a certificate and its key may not match: then this throws, and the next request
    // reads them again.
    const next = settingsOf(config, read);
    if (!isDeepStrictEqual(read, texts)) {
      texts = read;
      current = next;
    }
    return current;
  });
}

/**
 * Reads the server's certificate and key.
 *
 * @param folder the base of relative file names.
 * @throws Error with one sentence that names the file.
 */
export function readServerTls({ certFile, keyFile }: z.output<typeof ServerTlsFiles>, folder: string): ServerTls {
  const read = (file: string): string => {
    try {
      return readFileSync(resolve(folder, file), "utf8");
    } catch (error) {
      throw explainUnread(file, error);
    }
  };
  const [cert, key] = [read(certFile), read(keyFile)];
  checkCertificates(cert, certFile);
  checkPair(cert, certFile, key, keyFile);
  return { cert, key: new Secret(key) };
}

function settingsOf(
  { caFile, certFile, keyFile, serverName }: ClientTlsConfig,
  [ca, cert, key]: readonly (string | undefined)[],
): TlsSettings {
  if (ca !== undefined) checkCertificates(ca, caFile);
  if (cert !== undefined && key !== undefined) {
    checkCertificates(cert, certFile);
    checkPair(cert, certFile, key, keyFile);
  }
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key: new Secret(key) }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

function checkPair(cert: string, certFile: string | undefined, key: string, keyFile: string | undefined): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    // OpenSSL puts the reason after the last colon, and never includes the contents of a key.
    const why = (error as Error).message.split(":").at(-1);
    throw new Error(`the certificate in ${certFile} and the key in ${keyFile} cannot be used: ${why}`);
  }
}

/**
 * Node ignores certificate authorities that it cannot parse, so a damaged file would be noticed only by a failing
 * request.
 */
function checkCertificates(text: string, file: string | undefined): void {
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw new Error(`the file ${file} contains no certificate`);
  for (const each of found) {
    try {
      new X509Certificate(each);
    } catch {
      throw new Error(`the file ${file} contains a certificate that cannot be parsed`);
    }
  }
}
