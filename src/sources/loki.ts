import * as z from "zod";
import type { Clock } from "../clock.ts";
import { type SecretReader, SecretRef } from "../config-values/secret-reader.ts";
import { Duration } from "../config-values/units.ts";
import { createHttpConnections } from "../egress/http-connections.ts";
import { Secret } from "../secret.ts";
import { type Sleep, sleep } from "../sleep.ts";
import { type AddressTemplate, compileAddress } from "../template/address.ts";
import { InvalidValue, MissingValue, RefusedValue, TemplateError } from "../template/errors.ts";
import { compileText, type TextTemplate } from "../template/text.ts";
import { parseNanos } from "../template/times.ts";
import type { TemplateValues } from "../template/values.ts";
import { hostsOf } from "./hosts-of.ts";
import {
  compileHeaders,
  httpSettings,
  openSetting,
  openTls,
  prepareRequest,
  type RequestSettings,
  readSetting,
  timeoutsOf,
} from "./http-settings.ts";
import { LokiClient, type LokiSession } from "./loki-client.ts";
import { narrowToAttempt } from "./loki-pods.ts";
import { LOKI_PRESETS, type LokiQueryTemplate, ownQuery, presetQuery } from "./loki-query.ts";
import { type LokiLog, readForward, readTail } from "./loki-reader.ts";
import { createRecordDecoder } from "./loki-record.ts";
import { lookupsOf } from "./lookups.ts";
import type { EntriesPiece, LogTarget, OpenedEntries, OpenOptions } from "./source.ts";
import { rendered, SourceError } from "./source-error.ts";
import type { CompileContext, SourceDeps, SourceKind } from "./source-kind.ts";

/** The tenants that Loki knows (https://grafana.com/docs/loki/latest/operations/multi-tenancy/), of which `|` joins several. */
const TENANT = /^(?!\.{1,2}$)[\w!.*'()-]{1,150}$/;
/** Streams of one log arrive independently of each other: lines that are younger may not be complete. */
const HOLD_BACK_NS = 2_000_000_000n;

const Loki = z
  .strictObject({
    url: z.string().describe("The address of Loki, without /loki/api/v1, as a template (docs/templates.md)."),
    preset: z
      .enum(LOKI_PRESETS)
      .optional()
      .describe("The shipper whose default labels the logs have. Either this or `query`."),
    query: z
      .string()
      .optional()
      .describe('The LogQL of a log, as a template: {namespace="${{ jobNamespace }}", pod=~"${{ podPrefix }}.*"}.'),
    podLabel: z
      .string()
      .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "must be the name of a label")
      .default("pod")
      .describe("The label with the pod's name, which tells attempts apart whose pods' names are cut. Default pod."),
    tenant: z.string().optional().describe("The tenant, as a template. It is sent as X-Scope-OrgID."),
    slack: Duration.default(300_000).describe(
      "How long before a job's start and after its end its lines may lie: clocks differ. Default 5m.",
    ),
    basicAuth: z
      .strictObject({
        username: z
          .string()
          .min(1)
          .regex(/^[^:]*$/, "must not contain a colon"),
        password: SecretRef,
      })
      .optional()
      .describe("The user that requests are made as."),
    headers: httpSettings.headers,
    token: SecretRef.optional().describe("Sent as a bearer token, unless a header uses ${{ token }}."),
    hosts: httpSettings.hosts,
    tls: httpSettings.tls,
    timeouts: httpSettings.timeouts,
  })
  .refine(({ preset, query }) => (preset === undefined) !== (query === undefined), "must have either preset or query")
  .refine(({ basicAuth, token }) => basicAuth === undefined || token === undefined, "must not have basicAuth and token")
  .describe("Grafana Loki.");

type LokiConfig = z.output<typeof Loki>;

/** A Loki whose templates and secrets are known to be good. */
export interface CompiledLoki extends RequestSettings {
  readonly config: LokiConfig;
  readonly url: AddressTemplate;
  readonly query: LokiQueryTemplate;
  readonly headers: Readonly<Record<string, TextTemplate>>;
  readonly password: SecretReader | undefined;
  readonly clock: Clock;
}

/** Logs in Grafana Loki, which shippers have labelled. */
export const loki = {
  kind: "loki",
  schema: Loki,
  capabilities: { live: false, ranges: false, tellsTimes: true, inTimeOrder: true, since: true, tail: true },
  hosts: ({ url, hosts }) => hostsOf(url, hosts),
  compile,
  lookups: ({ url, query, headers }) => lookupsOf([url, query, ...Object.values(headers)]),
  create: (compiled, deps) => createLokiStore(compiled, deps),
} satisfies SourceKind<LokiConfig, CompiledLoki>;

export interface LokiStoreDeps extends Pick<SourceDeps, "name" | "egress"> {
  /** Default: a timer. */
  readonly sleep?: Sleep;
}

/** Creates what reads logs from a Loki. */
export function createLokiStore(compiled: CompiledLoki, { name, egress, sleep: wait = sleep }: LokiStoreDeps) {
  const { config, clock } = compiled;
  const timeouts = timeoutsOf(config.timeouts);
  const connections = createHttpConnections({ egress, origin: compiled.url.origin, timeouts });
  const client = new LokiClient({ source: name, connections, timeouts, clock, sleep: wait });

  return {
    async open({ values }: LogTarget, signal: AbortSignal, options: OpenOptions = {}): Promise<OpenedEntries> {
      signal.throwIfAborted();
      const session = await prepareSession(name, compiled, values, signal);
      const log = await findLog(name, compiled, client, session, values);
      const pieces = readPart(log, options);
      const first = await pieces.next();
      // Nothing since a time does not mean that there is nothing.
      if (first.done === true && !(options.since !== undefined && (await hasLines(log)))) {
        throw new SourceError(name, "not-found", "has no lines of this log");
      }
      return { kind: "entries", pieces: joined(first, pieces), mediaType: "text/plain", delimited: true };
    },
    close: connections.close,
  };
}

function compile(config: LokiConfig, context: CompileContext): CompiledLoki | undefined {
  const { url, preset, query: own, tenant, hosts, basicAuth } = config;
  const { vars, clock, attempt } = context;
  const address = attempt(["url"], () => {
    const api = /\?|\/loki\/api\//.exec(url);
    if (api !== null)
      throw new TemplateError("Write Loki's address without /loki/api/v1 and without a query.", api.index);
    return compileAddress(url, { vars, ...(hosts !== undefined && { hosts }) });
  });
  const query = own === undefined ? presetQuery(preset ?? "alloy") : attempt(["query"], () => ownQuery(own, vars));
  const headers = {
    ...withBearer(config, compileHeaders(config, context), context),
    ...(tenant !== undefined && { "x-scope-orgid": attempt(["tenant"], () => compileTenant(tenant, vars)) }),
  };
  if (basicAuth !== undefined && Object.keys(headers).some((header) => header.toLowerCase() === "authorization")) {
    attempt(["basicAuth"], () => {
      throw new Error("there is a header Authorization as well: omit one of them");
    });
  }
  const token = openSetting("token", config.token, context);
  const password = openSetting("basicAuth", basicAuth?.password, context);
  const tls = openTls(config, url, context);
  const known = Object.entries(headers).flatMap(([header, made]) => (made === undefined ? [] : [[header, made]]));
  return (
    address && query && { config, url: address, query, headers: Object.fromEntries(known), token, password, tls, clock }
  );
}

/** Adds the header of a token that no header uses. */
function withBearer(
  { token }: LokiConfig,
  headers: Readonly<Record<string, TextTemplate>>,
  { vars }: CompileContext,
): Readonly<Record<string, TextTemplate>> {
  if (token === undefined || Object.values(headers).some(({ names }) => names.has("token"))) return headers;
  return { ...headers, authorization: compileText("Bearer ${{ token }}", "header", { vars, token: true }) };
}

/** A tenant is one name: with `|`, Loki would read several tenants' logs. */
function compileTenant(text: string, vars: Readonly<Record<string, string>>): TextTemplate {
  const template = compileText(text, "header", { vars });
  const bad = text.replace(/\$\{\{.*?\}\}/gs, (expression) => "x".repeat(expression.length)).search(/[^\w!.*'()-]/);
  if (bad !== -1) throw new TemplateError("A tenant is one name: letters, digits and !-_.*'() are allowed in it.", bad);
  return {
    names: template.names,
    render(values) {
      const tenant = template.render(values);
      if (!TENANT.test(tenant)) throw new RefusedValue([...template.names], "is not the name of a tenant");
      return tenant;
    },
  };
}

async function prepareSession(
  name: string,
  compiled: CompiledLoki,
  values: TemplateValues,
  signal: AbortSignal,
): Promise<LokiSession> {
  const { headers, tls } = await prepareRequest(name, compiled, values, signal);
  const password = await readSetting(name, "password", compiled.password, signal);
  const user = compiled.config.basicAuth?.username;
  if (user !== undefined && password !== undefined) {
    const credentials = Buffer.from(`${user}:${password.reveal()}`).toString("base64");
    headers.authorization = new Secret(`Basic ${credentials}`);
  }
  return { base: rendered(name, () => compiled.url.render(values)), headers, tls, signal };
}

/** Finds out what to ask for one container's log. */
async function findLog(
  name: string,
  { config, query: template, clock }: CompiledLoki,
  client: LokiClient,
  session: LokiSession,
  values: TemplateValues,
): Promise<LokiLog> {
  const { query, startedAt, finishedAt } = rendered(name, () => ({
    query: template.render(values),
    startedAt: nanosOf(values, "startedAt"),
    finishedAt: values.variables.finishedAt ? nanosOf(values, "finishedAt") : undefined,
  }));
  const slack = BigInt(config.slack) * 1_000_000n;
  const now = BigInt(clock.now()) * 1_000_000n;
  const from = startedAt - slack;
  const to = finishedAt === undefined ? now - HOLD_BACK_NS : finishedAt + slack;
  const log = {
    client,
    session,
    query: query.text,
    from,
    to,
    decode: config.preset === "fluent-bit" ? createRecordDecoder(values) : undefined,
    ended: finishedAt !== undefined,
  };
  if (!query.ambiguous) return log;
  const { podLabel } = config;
  const whole = { query: query.text, podLabel, from, to, startedAt, finishedAt };
  const narrowed = await narrowToAttempt(client, session, whole);
  if (narrowed === "no-pods") return { ...log, to: from };
  if (narrowed !== "no-label") return { ...log, query: narrowed };
  return { ...log, from: startedAt, to: finishedAt === undefined ? to : finishedAt + 1n };
}

function nanosOf({ variables }: TemplateValues, name: "startedAt" | "finishedAt"): bigint {
  const time = variables[name];
  if (!time) throw new MissingValue([name]);
  try {
    return parseNanos(time);
  } catch (error) {
    throw error instanceof InvalidValue ? new RefusedValue([name], error.message) : error;
  }
}

async function* readPart(
  log: LokiLog,
  { since, until, tailLines }: OpenOptions,
): AsyncGenerator<EntriesPiece, void, undefined> {
  if (tailLines !== undefined) return yield* readTail(log, tailLines);
  const from = since === undefined ? log.from : later(log.from, parseNanos(since));
  const end = until === undefined ? undefined : parseNanos(until);
  if (end === undefined || end >= log.to) return yield* readForward({ ...log, from });
  yield* readForward({ ...log, from, to: end });
  // The first line that is too late shows that nothing is missing before it.
  const range = { query: log.query, from: later(from, end), to: log.to, direction: "forward", lines: 1 } as const;
  const next = (await log.client.queryRange(log.session, range)).page.toPiece(log.decode);
  if (next !== undefined) yield next;
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

async function hasLines(log: LokiLog): Promise<boolean> {
  for await (const _ of readForward(log)) return true;
  return false;
}

async function* joined(
  first: IteratorResult<EntriesPiece, void>,
  rest: AsyncGenerator<EntriesPiece, void, undefined>,
): AsyncGenerator<EntriesPiece, void, undefined> {
  try {
    if (first.done === true) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}
