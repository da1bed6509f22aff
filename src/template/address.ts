import type { ContextName } from "./contexts.ts";
import { RefusedValue, TemplateError } from "./errors.ts";
import { matchesHost } from "./host-pattern.ts";
import { createRender } from "./render.ts";
import { listNames, locate, MARK, type Piece, scanTemplate, writeSkeleton } from "./scan.ts";
import { createScope, type TemplateOptions } from "./scope.ts";
import { keepsShape, readShape, type UrlShape } from "./url-shape.ts";
import type { TemplateValues } from "./values.ts";

export interface AddressOptions extends TemplateOptions {
  /**
   * The hosts that a template with expressions in its host may produce: `*.logs.example.com` (a star is one label),
   * `host:port`. Default: none, and such a template is rejected.
   */
  readonly hosts?: readonly string[];
  /** Whether the URL may have a fragment: links may, sources may not. Default: false. */
  readonly fragment?: boolean;
}

/** A URL template. The operator's text decides the shape of the URL; values only fill it in. */
export interface AddressTemplate {
  /** The variables and lookups that it uses, except the operator's own. */
  readonly names: ReadonlySet<string>;
  /** `scheme://host:port` (the port only if it is not the scheme's default), unless a value decides it. */
  readonly origin: string | undefined;
  /**
   * @throws MissingValue if this run lacks a value.
   * @throws RefusedValue if a value is not allowed in its context, or the URL is longer than 8,192 characters.
   */
  render(values: TemplateValues): URL;
}

const MAX_URL_LENGTH = 8192;
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/;
/** A dot segment, including one with path parameters, which Java servers strip first (`..;x`). */
const DOT_SEGMENT = /^\.\.?(?:;|$)/;
/** Text that is not part of a language in which a value could have another meaning. */
const PLAIN_SEGMENT = /^[\w.~:,@=+!$-]*$/;
const PLAIN_VALUE = /^[\w.~/,-]*$/;

/**
 * Compiles a URL template. Whatever the values are, the rendered URL has the scheme, host, port, path depth and query
 * keys of the template's own text.
 *
 * @throws TemplateError
 */
export function compileAddress(text: string, options: AddressOptions = {}): AddressTemplate {
  const scope = createScope(options);
  const pieces = scanTemplate(text, scope);
  const { hosts = [] } = options;
  const { shape, contexts, origin } = checkShape(writeSkeleton(pieces), pieces, options);
  const expressions = pieces.filter((piece) => piece.kind === "expression");
  const renderText = createRender(pieces, contexts, scope);
  /** The names of the values in these contexts, for the message that rejects their combination. */
  const namesIn = (...among: readonly ContextName[]): readonly string[] =>
    expressions.flatMap(({ written }, index) => (among.includes(contexts[index] as ContextName) ? written : []));
  const everywhere = expressions.flatMap(({ written }) => written);

  return {
    names: listNames(pieces, scope),
    origin,
    render: (values) => {
      const finished = renderText(values);
      if (finished.length > MAX_URL_LENGTH) {
        throw new RefusedValue(everywhere, `makes the URL longer than ${MAX_URL_LENGTH} characters`);
      }
      const made = parseFinished(finished);
      if (made === undefined || !keepsShape(made.shape, shape)) {
        throw new RefusedValue(everywhere, "changes the structure of the URL");
      }
      if (made.shape.segments.some(isDotSegment)) {
        throw new RefusedValue(namesIn("path", "nested-path"), "produces a dot segment in the path");
      }
      const { url } = made;
      if (origin === undefined) {
        const port = url.port || (url.protocol === "https:" ? "443" : "80");
        const allowed =
          DNS_NAME.test(url.hostname) && hosts.some((pattern) => matchesHost(pattern, url.hostname, port));
        if (!allowed) throw new RefusedValue(namesIn("host"), "produces a host that the configuration does not allow");
      }
      if (!isReadAsWritten(url, made.shape, origin)) {
        throw new RefusedValue(everywhere, "changes the structure of the URL");
      }
      return url;
    },
  };
}

interface CheckedShape {
  readonly shape: UrlShape;
  /** One for each expression, in order. */
  readonly contexts: readonly ContextName[];
  readonly origin: string | undefined;
}

/** Determines the context of each expression from the template's own text, and rejects an invalid URL template. */
function checkShape(
  skeleton: string,
  pieces: readonly Piece[],
  { hosts = [], fragment = false }: AddressOptions,
): CheckedShape {
  const fail = (message: string, index: number): never => {
    throw new TemplateError(message, locate(pieces, index));
  };
  const shape = readSkeleton(skeleton, pieces);
  const contexts: ContextName[] = [];
  const addContexts = (part: string, context: ContextName): void => {
    for (let count = part.split(MARK).length - 1; count > 0; count--) contexts.push(context);
  };

  if (shape.host.includes(MARK) && hosts.length === 0) {
    fail("Expressions in the host require `hosts`, the list of allowed hosts.", skeleton.indexOf(MARK));
  }
  addContexts(shape.host, "host");

  let at = skeleton.length - shape.fragment.length - shape.query.length - shape.path.length;
  for (const segment of shape.segments) {
    if (isDotSegment(segment)) fail("A path must not contain a dot segment.", at);
    addContexts(segment, isPlain(segment, PLAIN_SEGMENT) ? "path" : "nested-path");
    at += segment.length + 1;
  }

  at = skeleton.length - shape.fragment.length - shape.query.length + 1;
  for (const { key, value } of shape.parameters) {
    const mark = key.indexOf(MARK);
    if (mark !== -1) fail("Query keys must be literal: write key=${{ … }}.", at + mark);
    if (value !== undefined) addContexts(value, isPlain(value, PLAIN_VALUE) ? "query" : "nested-query");
    at += key.length + (value === undefined ? 0 : 1 + value.length) + 1;
  }

  if (shape.fragment !== "" && !fragment) {
    fail("The URL of a source must not have a fragment.", skeleton.length - shape.fragment.length);
  }
  addContexts(shape.fragment, isPlain(shape.fragment.slice(1), PLAIN_VALUE) ? "query" : "nested-query");

  const example = URL.parse(skeleton.replaceAll(MARK, "x"));
  if (example === null) return fail("Invalid URL.", 0);
  return { shape, contexts, origin: shape.host.includes(MARK) ? undefined : example.origin };
}

function readSkeleton(skeleton: string, pieces: readonly Piece[]): UrlShape {
  try {
    return readShape(skeleton);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new TemplateError(error.message, locate(pieces, error.offset), error.length);
  }
}

/** Whether the text around the expressions, decoded, contains no syntax of a query language. */
function isPlain(part: string, plain: RegExp): boolean {
  return plain.test(decode(part.replaceAll(MARK, "")));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isDotSegment(segment: string): boolean {
  return DOT_SEGMENT.test(decode(segment));
}

function parseFinished(text: string): { readonly shape: UrlShape; readonly url: URL } | undefined {
  try {
    return { shape: readShape(text), url: new URL(text) };
  } catch {
    return undefined;
  }
}

/** Whether the URL parser kept the URL exactly as it was written. */
function isReadAsWritten(url: URL, { host, path, query, fragment }: UrlShape, origin: string | undefined): boolean {
  return (
    (origin === undefined ? url.hostname === host.toLowerCase() : url.origin === origin) &&
    url.username === "" &&
    url.password === "" &&
    url.pathname === (path || "/") &&
    // The URL standard encodes an apostrophe in a query.
    url.search === (query.length > 1 ? query.replaceAll("'", "%27") : "") &&
    url.hash === (fragment.length > 1 ? fragment : "")
  );
}
