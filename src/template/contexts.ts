/** Where an expression stands, which decides what its value may hold and how it is written. */
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
  /** Why the value may not stand here: the rest of a sentence that begins with "The value of stage". */
  findFault(value: string): string | undefined;
  /** The value, so that it means nothing but itself here. */
  write(value: string): string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above, but for the tab.
const CONTROL_BUT_TAB = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** What no query language takes for anything but a part of a name. */
const NESTED = /^[\p{L}\p{N}._~:/,@-]*$/u;

const holdsControl = (value: string): string | undefined =>
  CONTROL.test(value) ? "contains a control character" : undefined;

/**
 * Percent-encoding does not help here: a proxy that decodes the path once sees the slash again
 * (nginx serves `a/..%2Fb` as `b`: https://nginx.org/en/docs/http/ngx_http_core_module.html#location).
 */
function findPathFault(value: string): string | undefined {
  if (value === "." || value === "..") return "is a dot segment, which is not allowed in a path";
  const [bad] = /[/\\%]/.exec(value) ?? [];
  if (bad !== undefined) {
    return `contains a ${{ "/": "slash", "\\": "backslash", "%": "percent sign" }[bad]}, which is not allowed in a path`;
  }
  return holdsControl(value);
}

function findNestedFault(value: string): string | undefined {
  return NESTED.test(value) ? undefined : "contains a character that could change the surrounding query";
}

function findHeaderFault(value: string): string | undefined {
  if (CONTROL_BUT_TAB.test(value)) return "contains a control character";
  return /[\u0100-\uffff]/.test(value) ? "contains a character that is not allowed in a header" : undefined;
}

const escapeJson = (value: string): string => JSON.stringify(value).slice(1, -1);

/** As in Go's string literals, which LogQL's are (https://grafana.com/docs/loki/latest/query/). */
function escapeGo(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be escaped.
  return value.replace(/["\\\u0000-\u001f\u007f]/g, (unit) =>
    unit === '"' || unit === "\\" ? `\\${unit}` : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** As RE2 wants it (https://github.com/google/re2/wiki/Syntax). */
const quoteRegex = (value: string): string => value.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");

const fine = (): undefined => undefined;
const same = (value: string): string => value;

/** Everything that may stand somewhere must be well-formed text; that is checked before these. */
export const CONTEXTS: Readonly<Record<ContextName, Context>> = {
  host: {
    findFault: (value) =>
      DNS_LABEL.test(value) ? undefined : "is not a single DNS label, the only value allowed in a host",
    write: same,
  },
  path: { findFault: findPathFault, write: encodeURIComponent },
  "nested-path": { findFault: (value) => findPathFault(value) ?? findNestedFault(value), write: encodeURIComponent },
  query: { findFault: fine, write: encodeURIComponent },
  "nested-query": { findFault: findNestedFault, write: encodeURIComponent },
  header: {
    // Between tenants, `a|b` asks Loki, Mimir and Tempo for both.
    findFault: (value) =>
      findHeaderFault(value) ?? (value.includes("|") ? 'contains a "|", which is not allowed in a header' : undefined),
    write: same,
  },
  "token-header": { findFault: findHeaderFault, write: same },
  logql: { findFault: fine, write: escapeGo },
  "logql-regex": { findFault: fine, write: (value) => escapeGo(quoteRegex(value)) },
  "s3-key": { findFault: findPathFault, write: same },
  json: { findFault: fine, write: escapeJson },
};
