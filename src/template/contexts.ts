/** The context of an expression, which decides what its value may contain and how it is escaped. */
export type ContextName =
  | "host"
  | "path"
  | "nested-path"
  | "query"
  | "nested-query"
  | "header"
  | "token-header"
  | "logql"
  | "logql-regex"
  | "s3-key"
  | "json";

interface Context {
  /** Why the value is not allowed here: the rest of a sentence that begins with "The value of stage". */
  findFault(value: string): string | undefined;
  /** The value, escaped so that it is only itself here. */
  write(value: string): string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above, but for the tab.
const CONTROL_BUT_TAB = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** Characters that no query language treats as anything but part of a name. */
const NESTED = /^[\p{L}\p{N}._~:/,@-]*$/u;

const findControl = (value: string): string | undefined =>
  CONTROL.test(value) ? "contains a control character" : undefined;

/**
 * Percent-encoding does not help here: a proxy that decodes the path once sees the slash again (nginx serves `a/..%2Fb`
 * as `b`: https://nginx.org/en/docs/http/ngx_http_core_module.html#location).
 */
function findPathFault(value: string): string | undefined {
  if (value === "." || value === "..") return "is a dot segment, which is not allowed in a path";
  const [bad] = /[/\\%]/.exec(value) ?? [];
  if (bad !== undefined) {
    return `contains a ${{ "/": "slash", "\\": "backslash", "%": "percent sign" }[bad]}, which is not allowed in a path`;
  }
  return findControl(value);
}

function findNestedFault(value: string): string | undefined {
  return NESTED.test(value) ? undefined : "contains a character that could change the surrounding query";
}

function findHeaderFault(value: string): string | undefined {
  if (CONTROL_BUT_TAB.test(value)) return "contains a control character";
  return /[\u0100-\uffff]/.test(value) ? "contains a character that is not allowed in a header" : undefined;
}

const escapeJson = (value: string): string => JSON.stringify(value).slice(1, -1);

/** As in Go string literals, which LogQL uses (https://grafana.com/docs/loki/latest/query/). */
function escapeGo(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be escaped.
  return value.replace(/["\\\u0000-\u001f\u007f]/g, (unit) =>
    unit === '"' || unit === "\\" ? `\\${unit}` : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** As in RE2 (https://github.com/google/re2/wiki/Syntax). */
const quoteRegex = (value: string): string => value.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");

const noFault = (): undefined => undefined;
const unchanged = (value: string): string => value;

/** Values must be well-formed Unicode in every context; that is checked first. */
export const CONTEXTS: Readonly<Record<ContextName, Context>> = {
  host: {
    findFault: (value) =>
      DNS_LABEL.test(value) ? undefined : "is not a single DNS label, the only value allowed in a host",
    write: unchanged,
  },
  path: { findFault: findPathFault, write: encodeURIComponent },
  "nested-path": { findFault: (value) => findPathFault(value) ?? findNestedFault(value), write: encodeURIComponent },
  query: { findFault: noFault, write: encodeURIComponent },
  "nested-query": { findFault: findNestedFault, write: encodeURIComponent },
  header: {
    // As a tenant, `a|b` makes Loki, Mimir and Tempo query both.
    findFault: (value) =>
      findHeaderFault(value) ?? (value.includes("|") ? 'contains a "|", which is not allowed in a header' : undefined),
    write: unchanged,
  },
  "token-header": { findFault: findHeaderFault, write: unchanged },
  logql: { findFault: noFault, write: escapeGo },
  "logql-regex": { findFault: noFault, write: (value) => escapeGo(quoteRegex(value)) },
  "s3-key": { findFault: findPathFault, write: unchanged },
  json: { findFault: noFault, write: escapeJson },
};
