import { createHash } from "node:crypto";
import type { Config } from "./schema.ts";

/** A value in a configuration, without secrets. */
export interface Setting {
  /** Its path: `sources[0].http.url`. */
  readonly name: string;
  readonly value: string;
}

const HIDDEN = "[hidden]";

/**
 * The values of a configuration in order, without any that may be secret: headers and variables only by name, URLs
 * without the values of their queries. A configuration contains references to secrets, not the secrets.
 */
export function settingsOf(config: Config): readonly Setting[] {
  return flatten("", config);
}

/** A hash of settings: twelve hexadecimal digits. */
export function hashOf(settings: readonly Setting[]): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 12);
}

function flatten(name: string, value: unknown): readonly Setting[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) {
    if (value.length === 0) return [{ name, value: "[]" }];
    return value.flatMap((each, index) => flatten(`${name}[${index}]`, each));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0 && name !== "") return [{ name, value: "{}" }];
    return entries.flatMap(([key, each]) => flatten(name === "" ? key : `${name}.${key}`, each));
  }
  return [{ name, value: shown(name, String(value)) }];
}

function shown(name: string, value: string): string {
  if (/^vars\.|\.headers\./.test(name)) return HIDDEN;
  return name.endsWith(".url") ? withoutQueryValues(value) : value;
}

/** `https://x/${{ a }}?key=${{ b }}&sig=c#d` becomes `https://x/${{ a }}?key=[hidden]&sig=[hidden]`. */
function withoutQueryValues(url: string): string {
  // An expression may contain a question mark: `a ? b : c`.
  const [, before = "", rest = ""] = /^((?:\$\{\{.*?\}\}|[^?#])*)(.*)$/s.exec(url) ?? [];
  if (rest === "") return before;
  if (!rest.startsWith("?")) return `${before}#${HIDDEN}`;
  const keys = rest
    .slice(1)
    .replace(/\$\{\{.*?\}\}/gs, "x")
    .replace(/#.*$/s, "")
    .split("&")
    .map((each) => `${each.split("=", 1)[0]}=${HIDDEN}`);
  return `${before}?${keys.join("&")}`;
}
