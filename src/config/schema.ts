import * as z from "zod";
import { SecretRef } from "../config-values/secret-reader.ts";
import { ServerTlsFiles } from "../config-values/tls-files.ts";
import { Duration, Size } from "../config-values/units.ts";
import { isAddressRange } from "../egress/address-kind.ts";
import { IdentityProvider } from "../identity/provider-config.ts";
import { isNamespaceName } from "../kube/names.ts";
import { Match } from "../sources/match.ts";
import { S3Presign } from "../sources/s3-settings.ts";
import { createSourceSchema } from "../sources/source-config.ts";
import type { SourceKind } from "../sources/source-kind.ts";

const Namespace = z.string().refine(isNamespaceName, "must be a namespace name");
const Link = z
  .strictObject({
    title: z.string().min(1).describe("The title of the page."),
    url: z.string().optional().describe("Its address, as a template."),
    presign: z
      .strictObject({ s3: S3Presign })
      .optional()
      .describe("A page in a private bucket: whoever may read the run is redirected to a presigned address."),
    match: Match.default({}),
  })
  .refine(({ url, presign }) => (url === undefined) !== (presign === undefined), "must have either url or presign");

/** Creates the schema of `taffrail.yaml` for these kinds of source. */
export function createConfigSchema(kinds: readonly SourceKind[]) {
  return z.strictObject({
    listen: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^:[\]]*):\d{1,5}$/, "must be HOST:PORT or :PORT")
      .default(":8080")
      .describe("Where to listen. Default :8080, on all addresses."),
    tls: ServerTlsFiles.optional().describe(
      "Serve TLS with this certificate chain and key (PEM). Default: cleartext, HTTP/1.1 and h2c.",
    ),
    basePath: z
      .string()
      .regex(/^(\/[-\w.~]+)*$/, "must begin with a slash and end without one")
      .default("")
      .describe("The path prefix behind a proxy: `/taffrail`. Requests without it are answered too. Default: none."),
    publicUrl: z
      .string()
      .regex(/^https?:\/\/[^\s/?#@\\]+$/, "must be an http or https URL without a path")
      .optional()
      .describe(
        "Where browsers reach this server, without the base path: https://logs.example.com. Default: as the request says.",
      ),
    contact: z.string().default("").describe("Whom users can ask for help."),
    retentionDays: z.int().min(0).max(100_000).default(0).describe("For how many days logs are kept. 0: not stated."),
    identity: z
      .strictObject({
        audiences: z
          .array(z.string().min(1))
          .default([])
          .describe("Accepted audiences of the cluster's tokens. Default: the API server's own."),
        providers: z
          .array(IdentityProvider)
          .default([])
          .describe(
            "Whose tokens are accepted: each token by the provider that is its issuer. Default: the cluster's alone.",
          ),
      })
      .prefault({}),
    access: z
      .strictObject({
        subresource: z
          .literal("log")
          .optional()
          .describe("Require the right to get analysisruns/log instead of analysisruns."),
      })
      .prefault({}),
    projects: z
      .strictObject({
        selector: z
          .string()
          .default("kargo.akuity.io/project=true")
          .describe("A label selector for the namespaces that are projects. Empty: all. Default: Kargo's."),
      })
      .prefault({}),
    jobNamespaces: z
      .array(Namespace)
      .default([])
      .describe("Namespaces other than a run's own in which Argo Rollouts creates Jobs."),
    vars: z
      .record(
        z
          .string()
          .regex(
            /^[A-Za-z_][A-Za-z0-9_]*$/,
            "must consist of letters, digits and underscores, and not begin with a digit",
          ),
        z.string().min(1),
      )
      .default({})
      .describe("Constants for templates, by name."),
    sources: z
      .array(createSourceSchema(kinds))
      .default([])
      .describe("Where logs are kept. The first source that has a log answers."),
    egress: z
      .strictObject({
        allow: z
          .array(z.string().refine(isAddressRange, "must be an address or a range such as 169.254.10.0/24"))
          .default([])
          .describe("Ranges to allow even if they are special-purpose or, where the host contains variables, private."),
      })
      .prefault({}),
    links: z.array(Link).default([]).describe("Pages elsewhere about a run: reports, dashboards."),
    limits: z
      .strictObject({
        streams: z
          .int()
          .min(1)
          .default(1_000)
          .describe(
            "Logs and watches of runs that may be open at once; each open log of a stream counts. Default 1000.",
          ),
        streamsPerCaller: z
          .int()
          .min(1)
          .default(100)
          .describe("Logs and watches of runs that one caller may have open at once. Default 100."),
        callsPerCaller: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(1_200)
          .describe(
            "Unary calls per minute of one caller; a list counts as 5, the list of projects as 10, a large run as more. Default 1200.",
          ),
        publicStreams: z
          .int()
          .min(1)
          .default(200)
          .describe("Watches of the server's health and reflection streams, which need no token. Default 200."),
        publicStreamsPerAddress: z.int().min(1).default(20).describe("Those of one client address. Default 20."),
        publicRequestsPerAddress: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(600)
          .describe("Requests per minute in such streams from one client address. Default 600."),
        connections: z
          .int()
          .min(1)
          .default(10_000)
          .describe("Connections of clients that may be open at once. Default 10000."),
        signIns: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(600)
          .describe("Sign-ins, and invalid tokens, per minute from all addresses together. Default 600."),
        signInsPerAddress: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(60)
          .describe("Sign-ins, and invalid tokens, per minute from one address. Default 60."),
        proxies: z
          .int()
          .min(0)
          .max(10)
          .default(0)
          .describe(
            "How many proxies in front of this server write x-forwarded-for, -host and -proto. Default 0: these headers are ignored.",
          ),
        logBytes: Size.default(64 * 1024 ** 3).describe("The longest log that is sent, as text. Default 64GiB."),
        lineBytes: Size.refine((bytes) => bytes <= 64 * 1024, "must be at most 64KiB")
          .default(64 * 1024)
          .describe("How much of a line filters search, at most 64KiB; less for expensive patterns. Default 64KiB."),
        scanBytes: Size.default(4 * 1024 ** 3).describe(
          "How much of a log one call with a filter searches, as text. Default 4GiB.",
        ),
        scanTime: Duration.default(60_000).describe("How long one call with a filter searches. Default 60s."),
        readerStall: Duration.default(300_000).describe(
          "How long a client may read nothing before its stream is ended. Default 5m.",
        ),
        wait: Duration.default(6 * 3_600_000).describe(
          "How long a stream waits for a log that does not exist yet, or for the next attempt. Default 6h.",
        ),
        decompressionRatio: z
          .int()
          .min(10)
          .default(200)
          .describe("How many times larger than its compressed form a log may be. Default 200."),
      })
      .prefault({}),
    follow: z
      .strictObject({
        poll: Duration.default(2_000).describe("How often an archive is polled while a log in it grows. Default 2s."),
        recheck: Duration.default(30_000).describe(
          "How often the rights of a stream's caller are checked again. Default 30s.",
        ),
      })
      .prefault({}),
    cursors: z
      .strictObject({
        keys: z
          .array(SecretRef)
          .default([])
          .describe("Keys that sign cursors and seal sessions: the first signs, all verify. Default: a random one."),
      })
      .prefault({}),
    session: z
      .strictObject({
        lifetime: Duration.default(12 * 3_600_000).describe(
          "How long a session of the page lasts, at most, however often it is renewed. Default 12h.",
        ),
      })
      .prefault({}),
    shutdown: z
      .strictObject({
        drain: Duration.default(20_000).describe(
          "How long streams may continue after the server is told to stop. Default 20s.",
        ),
      })
      .prefault({}),
    reflection: z.boolean().default(true).describe("Serve the API's schema by gRPC reflection. Default true."),
  });
}

/** A complete configuration, with all defaults. */
export type Config = z.output<ReturnType<typeof createConfigSchema>>;
