import * as z from "zod";
import { Duration } from "../config-values/units.ts";
import { allLookups, type Lookups, NO_LOOKUPS } from "./lookups.ts";
import { Match } from "./match.ts";
import type { CompileContext, SourceKind } from "./source-kind.ts";

/** Creates the schema of a source in the configuration: common settings, and those of exactly one of these kinds. */
export function createSourceSchema(kinds: readonly SourceKind[]) {
  return z
    .strictObject({
      name: z.string().min(1).max(63).describe("What callers are told that this source is called."),
      match: Match.default({}),
      phase: z
        .enum(["live", "finished", "any"])
        .default("any")
        .describe("Whether it has logs of running jobs only (live), of finished ones only, or of any. Default any."),
      settle: Duration.default(30_000).describe("How long after a job's end its log may still grow here. Default 30s."),
      connections: z
        .int()
        .min(1)
        .default(256)
        .describe("Logs that may be open here at once, a quarter of them of one caller. Default 256."),
      ...Object.fromEntries(kinds.map(({ kind, schema }) => [kind, schema.optional()])),
    })
    .refine(
      (source: Readonly<Record<string, unknown>>) =>
        kinds.filter(({ kind }) => source[kind] !== undefined).length === 1,
      `must have either ${kinds.map(({ kind }) => kind).join(" or ")}`,
    );
}

/** A source as configured. The settings of its kind are beside these. */
export interface SourceConfig {
  readonly name: string;
  readonly match: z.output<typeof Match>;
  readonly phase: "live" | "finished" | "any";
  /** In milliseconds. */
  readonly settle: number;
  readonly connections: number;
}

/** A source whose templates and secrets have been checked. */
export interface CompiledSource {
  readonly kind: SourceKind;
  readonly config: SourceConfig;
  /** The compiled settings of its kind. */
  readonly compiled: unknown;
  /** What its templates and its `match` need. */
  readonly lookups: Lookups;
}

/** Compiles the settings of a source. `undefined` if there were faults. */
export function compileSource(
  kinds: readonly SourceKind[],
  config: SourceConfig,
  context: CompileContext,
): CompiledSource | undefined {
  const settings: Readonly<Record<string, unknown>> = { ...config };
  const kind = kinds.find((each) => settings[each.kind] !== undefined);
  if (kind === undefined) return undefined;
  const attempt: CompileContext["attempt"] = (path, work) => context.attempt([kind.kind, ...path], work);
  const compiled = kind.compile(settings[kind.kind], { ...context, attempt });
  if (compiled === undefined) return undefined;
  const lookups = allLookups([kind.lookups(compiled), { ...NO_LOOKUPS, shard: config.match.shard !== undefined }]);
  return { kind, config, compiled, lookups };
}
