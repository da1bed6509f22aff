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
   * The hosts that a template with expressions in its host may come to: `*.logs.example.com` (a star is one label), `host:port`.
   * Default: none, and such a template is refused.
   */
  readonly hosts?: readonly string[];
  /** Whether the address may have a fragment: links may, sources may not. Default: false. */
  readonly fragment?: boolean;
}

/** An address whose operator chose its shape: values only fill it in. */
export interface AddressTemplate {
  /** The variables and lookups that it uses, without the operator's own. */
  readonly names: ReadonlySet<string>;
  /** `scheme://host:port` (the port where it is not the scheme's own), if no value decides it. */
  readonly origin: string | undefined;
  /**
   * @throws MissingValue where this run lacks a value.
   * @throws RefusedValue where a value may not stand in its place, or the address comes to more than 8,192 characters.
   */
  render(values: TemplateValues): URL;
}

const LONGEST_ADDRESS = 8192;
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/;
/** A dot segment, also with what servers of Java's kind strip before they look (`..;x`). */
const DOT_SEGMENT = /^\.\.?(?:;|$)/;
/** Text that is not part of a language in which a value could mean more than itself. */
const PLAIN_SEGMENT = /^[\w.~:,@=+!$-]*$/;
const PLAIN_VALUE = /^[\w.~/,-]*$/;

/**
 * Compiles a template of an address. Whatever the values are, the finished address has the scheme, host, port, path depth and query keys that the
 * template's own text has.
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
  /** Whose values stand in these contexts, for the sentence that refuses what they come to together. */
  const namesIn = (...among: readonly ContextName[]): readonly string[] =>
    expressions.flatMap(({ written }, index) => (among.includes(contexts[index] as ContextName) ? written : []));
  const everywhere = expressions.flatMap(({ written }) => written);

  return {
    names: listNames(pieces, scope),
    origin,
    render: (values) => {
      const finished = renderText(values);
      if (finished.length > LONGEST_ADDRESS) {
        throw new RefusedValue(everywhere, `makes the URL longer than ${LONGEST_ADDRESS} characters`);
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
  /** One for each expression, in their order. */
  readonly contexts: readonly ContextName[];
  readonly origin: string | undefined;
}

/** Decides from the template's own text where each expression stands, and refuses what may not be a template of an address. */
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
  const place = (part: string, context: ContextName): void => {
    for (let count = part.split(MARK).length - 1; count > 0; count--) contexts.push(context);
  };

  if (shape.host.includes(MARK) && hosts.length === 0) {
    fail(
      "Expressions in the host require `hosts`, the list of allowed hosts.",
      skeleton.indexOf(MARK),
    );
  }
  place(shape.host, "host");

  let at = skeleton.length - shape.fragment.length - shape.query.length - shape.path.length;
  for (const segment of shape.segments) {
    if (isDotSegment(segment)) fail("A path must not contain a dot segment.", at);
    place(segment, isPlain(segment, PLAIN_SEGMENT) ? "path" : "nested-path");
    at += segment.length + 1;
  }

  at = skeleton.length - shape.fragment.length - shape.query.length + 1;
  for (const { key, value } of shape.parameters) {
    const mark = key.indexOf(MARK);
    if (mark !== -1) fail("Query keys must be literal: write key=${{ … }}.", at + mark);
    if (value !== undefined) place(value, isPlain(value, PLAIN_VALUE) ? "query" : "nested-query");
    at += key.length + (value === undefined ? 0 : 1 + value.length) + 1;
  }

  if (shape.fragment !== "" && !fragment) {
    fail("The URL of a source must not have a fragment.", skeleton.length - shape.fragment.length);
  }
  place(shape.fragment, isPlain(shape.fragment.slice(1), PLAIN_VALUE) ? "query" : "nested-query");

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

/** Whether what stands around the expressions, decoded, is nothing that a query language is made of. */
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

/** Whether a URL is what was written, and nothing that the URL standard made of it. */
function isReadAsWritten(url: URL, { host, path, query, fragment }: UrlShape, origin: string | undefined): boolean {
  return (
    (origin === undefined ? url.hostname === host.toLowerCase() : url.origin === origin) &&
    url.username === "" &&
    url.password === "" &&
    url.pathname === (path || "/") &&
    // The standard encodes an apostrophe in a query.
    url.search === (query.length > 1 ? query.replaceAll("'", "%27") : "") &&
    url.hash === (fragment.length > 1 ? fragment : "")
  );
}
