import { TemplateError } from "./errors.ts";
import { MARK } from "./scan.ts";

/** The parts of a URL, or of the skeleton of a URL template, as they are written. */
export interface UrlShape {
  readonly scheme: string;
  readonly host: string;
  /** Empty if absent. */
  readonly port: string;
  /** With its leading slash, or empty. */
  readonly path: string;
  readonly segments: readonly string[];
  /** With its question mark, or empty. */
  readonly query: string;
  readonly parameters: readonly QueryParameter[];
  /** With its number sign, or empty. */
  readonly fragment: string;
}

export interface QueryParameter {
  readonly key: string;
  /** `undefined`: a key without a value. */
  readonly value: string | undefined;
}

const PARTS = /^(https?):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is;
const AUTHORITY = new RegExp(`^(\\[[0-9a-f:.]+\\]|[a-z0-9._${MARK}-]+)(?::([0-9]{1,5}))?$`, "i");
/** The characters that RFC 3986, appendix A, does not allow in a URL. */
const FORBIDDEN = new RegExp(`[^A-Za-z0-9._~:/?#[\\]@!$&'()*+,;=%${MARK}-]|%(?![0-9A-Fa-f]{2})`);

/**
 * Splits a URL at its delimiters, without changing any part.
 *
 * @throws TemplateError whose offset counts in `text`.
 */
export function readShape(text: string): UrlShape {
  const bad = text.search(FORBIDDEN);
  if (bad !== -1) throw forbidden(text, bad);
  const [, scheme, authority = "", path = "", query = "", fragment = ""] = PARTS.exec(text) ?? [];
  if (scheme === undefined) throw new TemplateError("A URL must start with a literal http:// or https://.", 0);
  const afterScheme = scheme.length + "://".length;
  const [, host, port = ""] = AUTHORITY.exec(authority) ?? [];
  if (host === undefined) throw explainAuthority(authority, afterScheme);
  const outside = text.slice(afterScheme + authority.length).search(/[[\]]/);
  const bracket =
    outside === -1 ? text.indexOf("#", text.length - fragment.length + 1) : afterScheme + authority.length + outside;
  if (bracket !== -1) throw forbidden(text, bracket);
  return {
    scheme,
    host,
    port,
    path,
    segments: path.split("/"),
    query,
    parameters: query === "" ? [] : query.slice(1).split("&").map(readParameter),
    fragment,
  };
}

function readParameter(text: string): QueryParameter {
  const equals = text.indexOf("=");
  return equals === -1
    ? { key: text, value: undefined }
    : { key: text.slice(0, equals), value: text.slice(equals + 1) };
}

function forbidden(text: string, index: number): TemplateError {
  const code = text.codePointAt(index) ?? 0;
  const unit = String.fromCodePoint(code);
  if (unit === "%")
    return new TemplateError('A "%" in a URL must be followed by two hexadecimal digits: write it as %25.', index);
  const named = code < 33 ? "A space or control character" : `"${unit}"`;
  return new TemplateError(`${named} is not allowed in a URL: write it as ${percentEncode(unit)}.`, index, unit.length);
}

function percentEncode(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}

function explainAuthority(authority: string, offset: number): TemplateError {
  if (authority.includes("@")) {
    return new TemplateError(
      "A URL must not contain a user or password: send them in a header.",
      offset,
      authority.length,
    );
  }
  const colon = authority.lastIndexOf(":");
  if (colon !== -1 && authority.includes(MARK, colon)) {
    return new TemplateError("The port must be literal.", offset + authority.indexOf(MARK, colon));
  }
  return new TemplateError("Invalid host or port.", offset, Math.max(1, authority.length));
}

/** Whether a rendered URL has the shape of its template, with values in place of the expressions. */
export function keepsShape(made: UrlShape, wanted: UrlShape): boolean {
  return (
    made.scheme === wanted.scheme &&
    made.port === wanted.port &&
    made.host.split(".").length === wanted.host.split(".").length &&
    made.segments.length === wanted.segments.length &&
    made.segments.every((segment, index) => segment !== "" || wanted.segments[index] === "") &&
    made.parameters.length === wanted.parameters.length &&
    made.parameters.every(({ key }, index) => key === wanted.parameters[index]?.key) &&
    (made.fragment === "") === (wanted.fragment === "")
  );
}
