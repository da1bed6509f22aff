import * as z from "zod";
import { abortable } from "../abort.ts";
import { openSecret, type SecretReader, SecretRef } from "../config-values/secret-reader.ts";
import { ClientTls, openTlsFiles, type TlsReader } from "../config-values/tls-files.ts";
import { Duration } from "../config-values/units.ts";
import type { TlsSettings } from "../egress/egress.ts";
import { Secret } from "../secret.ts";
import { compileText, type TextTemplate } from "../template/text.ts";
import type { TemplateValues } from "../template/values.ts";
import type { HttpTimeouts } from "./http-failure.ts";
import { rendered, SourceError } from "./source-error.ts";
import type { CompileContext } from "./source-kind.ts";

const HeaderName = z.string().regex(/^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/, "must be the name of an HTTP header");

/** The settings that sources behind an HTTP address share, as fields of their schemas. */
export const httpSettings = {
  headers: z
    .record(HeaderName, z.string())
    .default({})
    .describe("Headers to send, as templates. `${{ token }}` is the token below."),
  token: SecretRef.optional(),
  hosts: z
    .array(z.string().min(1))
    .optional()
    .describe("Hosts that are allowed where the address's host holds variables: `*.logs.example.com`."),
  tls: ClientTls.optional(),
  timeouts: z
    .strictObject({
      connect: Duration.default(5_000).describe("To connect, TLS included. Default 5s."),
      headers: Duration.default(30_000).describe("For the response headers. Default 30s."),
      idle: Duration.default(60_000).describe("Between two pieces of the body. Default 60s."),
    })
    .prefault({}),
} as const;

const HttpSettings = z.strictObject(httpSettings);

type HttpSettings = z.output<typeof HttpSettings>;

/** The timeouts as the connections take them. */
export function timeoutsOf({ connect, headers, idle }: HttpSettings["timeouts"]): HttpTimeouts {
  return { connectMs: connect, headersMs: headers, idleMs: idle };
}

/** Compiles the templates of headers. A fault is at the header's name. */
export function compileHeaders(
  { headers, token }: Pick<HttpSettings, "headers" | "token">,
  { vars, attempt }: Pick<CompileContext, "vars" | "attempt">,
): Readonly<Record<string, TextTemplate>> {
  const compiled: Record<string, TextTemplate> = {};
  for (const [name, text] of Object.entries(headers)) {
    const header = attempt(["headers", name], () => {
      const made = compileText(text, "header", { vars, token: true });
      if (made.names.has("token") && token === undefined) {
        throw new Error("the header wants ${{ token }}, but this source has no `token`");
      }
      return made;
    });
    if (header !== undefined) compiled[name] = header;
  }
  return compiled;
}

/** Opens the secret at a key of the settings, if there is one. */
export function openSetting(
  key: string,
  secret: z.output<typeof SecretRef> | undefined,
  { folder, env, clock, attempt }: Pick<CompileContext, "folder" | "env" | "clock" | "attempt">,
): SecretReader | undefined {
  return secret && attempt([key], () => openSecret(secret, folder, env, clock));
}

/** Opens the files of `tls`, if there are any. @param url the source's address, as it is written. */
export function openTls(
  { tls }: Pick<HttpSettings, "tls">,
  url: string,
  { folder, clock, attempt }: Pick<CompileContext, "folder" | "clock" | "attempt">,
): TlsReader | undefined {
  return (
    tls &&
    attempt(["tls"], () => {
      if (!/^https:/i.test(url)) throw new Error("the address of this source begins with http://, so there is no TLS");
      return openTlsFiles(tls, folder, clock);
    })
  );
}

/** What each request to a store needs besides its address. */
export interface RequestSettings {
  /** By name. They replace what is sent otherwise: `accept-encoding: identity` and `user-agent: taffrail`. */
  readonly headers: Readonly<Record<string, Pick<TextTemplate, "render">>>;
  /** What `token` stands for in a header. */
  readonly token: SecretReader | undefined;
  /** Returns the same object until a file changes. Absent: as public sites do. */
  readonly tls: TlsReader | undefined;
}

/**
 * Renders the headers for one target, and reads what secrets they need.
 *
 * @throws SourceError if the source cannot be asked; the reason of `signal`.
 */
export async function prepareRequest(
  source: string,
  { headers, token, tls }: RequestSettings,
  values: TemplateValues,
  signal: AbortSignal,
): Promise<{ readonly headers: Record<string, string | Secret>; readonly tls: TlsSettings | undefined }> {
  const secret = await readSetting(source, "token", token, signal);
  const settings = await readSetting(source, "certificates", tls, signal);
  return rendered(source, () => {
    const sent: Record<string, string | Secret> = { "accept-encoding": "identity", "user-agent": "taffrail" };
    for (const [header, template] of Object.entries(headers)) {
      sent[header.toLowerCase()] = new Secret(template.render(values, secret));
    }
    return { headers: sent, tls: settings };
  });
}

/**
 * Reads a secret or certificates.
 *
 * @param what their name in the error.
 * @throws SourceError if they cannot be read; the reason of `signal`.
 */
export function readSetting<T>(
  source: string,
  what: string,
  reader: (() => Promise<T>) | undefined,
  signal: AbortSignal,
): Promise<T | undefined> {
  const read = async (): Promise<T | undefined> => {
    try {
      return await reader?.();
    } catch (cause) {
      throw new SourceError(source, "refused", `was not asked: its ${what} could not be read`, { cause });
    }
  };
  return abortable(read(), signal);
}
