import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import type { Secret } from "../secret.ts";

/** Whom and what a cursor is for. It is of no use to anyone or for anything else. */
export interface CursorScope {
  /** The caller's issuer and user name, as one text. */
  readonly caller: string;
  /** What was requested (run, selection, filter), as a text that is the same for the same request. */
  readonly request: string;
}

/**
 * Issues and opens cursors of one scope. They are signed, so that nobody else can issue one, and not encrypted: they
 * contain nothing that their owner may not know.
 */
export interface Cursors {
  /** @param position anything that JSON can represent. */
  seal(position: unknown): string;
  /**
   * @returns the position that was given to `seal`.
   * @throws Failure CURSOR_INVALID, CURSOR_FOREIGN or CURSOR_STALE, all of kind `bad-request`.
   */
  open(cursor: string): unknown;
}

export interface CursorsOptions {
  /** The first key signs; cursors signed with any of them are accepted, so that keys can be rotated. At least one. */
  readonly keys: readonly Secret[];
  readonly clock: Clock;
  readonly scope: CursorScope;
}

/**
 * A cursor is base64url of: version (1 byte), seconds since 1970 (6), scope (8), position as JSON, signature (16). In
 * version 2 the JSON is deflated.
 */
const VERSION = 1;
const DEFLATED = 2;
/** JSON of this many bytes is deflated: many logs at once have positions that are much the same. */
const DEFLATE_BYTES = 4_096;
/** A signed cursor inflates to less. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const TIME_AT = 1;
const SCOPE_AT = 7;
const BODY_AT = 15;
const MAC_BYTES = 16;
const LIFE_S = 7 * 24 * 3_600;
/** How much the clocks of replicas may differ. */
const SKEW_S = 300;

/** What was derived from a key: keys stay the same objects until their files change. */
const derived = new WeakMap<Secret, Buffer>();

/** Cursors that any server with one of these keys can read. They are good for seven days. */
export function createCursors({ keys, clock, scope }: CursorsOptions): Cursors {
  const secrets = keys.map(signingKeyOf);
  const [signing] = secrets;
  if (signing === undefined) throw new Error("There is no key to sign cursors with.");
  const ownScope = scopeHash(scope);
  const seconds = (): number => Math.floor(clock.now() / 1_000);
  return {
    seal(position) {
      const text = JSON.stringify(position);
      const isLong = text.length >= DEFLATE_BYTES;
      const body = isLong ? deflateRawSync(text, { level: 1 }) : text;
      const bytes = Buffer.allocUnsafe(BODY_AT + Buffer.byteLength(body) + MAC_BYTES);
      bytes.writeUInt8(isLong ? DEFLATED : VERSION);
      bytes.writeUIntBE(seconds(), TIME_AT, SCOPE_AT - TIME_AT);
      ownScope.copy(bytes, SCOPE_AT);
      const end = BODY_AT + (typeof body === "string" ? bytes.write(body, BODY_AT) : body.copy(bytes, BODY_AT));
      bytes.write(sign(bytes.subarray(0, end), signing), end, MAC_BYTES, "latin1");
      return bytes.toString("base64url");
    },
    open(cursor) {
      const bytes = Buffer.from(cursor, "base64url");
      const signed = bytes.subarray(0, -MAC_BYTES);
      const mac = bytes.subarray(-MAC_BYTES);
      // The decoder ignores characters outside base64url: only what encodes to the same text again is valid.
      const isWhole = bytes.length > BODY_AT + MAC_BYTES && bytes.toString("base64url") === cursor;
      const isKnown = bytes[0] === VERSION || bytes[0] === DEFLATED;
      if (!isWhole || !isKnown || !secrets.some((key) => isSigned(signed, key, mac))) {
        throw refused("CURSOR_INVALID", "This cursor was not issued by this server.");
      }
      if (!ownScope.equals(signed.subarray(SCOPE_AT, BODY_AT))) {
        throw refused("CURSOR_FOREIGN", "This cursor belongs to another request or another caller.");
      }
      const age = seconds() - signed.readUIntBE(TIME_AT, SCOPE_AT - TIME_AT);
      if (age > LIFE_S || age < -SKEW_S) throw refused("CURSOR_STALE", "This cursor has expired.");
      const body = signed.subarray(BODY_AT);
      const text = bytes[0] === DEFLATED ? inflateRawSync(body, { maxOutputLength: MAX_BODY_BYTES }) : body;
      return JSON.parse(text.toString("utf8")) as unknown;
    },
  };
}

/** The failure of those whose cursor leads nowhere. */
export function refused(reason: string, message: string): Failure {
  return new Failure("bad-request", reason, message, {
    next: "Read from the beginning, without a cursor.",
    field: "cursor",
  });
}

function signingKeyOf(key: Secret): Buffer {
  const known = derived.get(key);
  if (known !== undefined) return known;
  const made = hash("sha256", `taffrail cursor\n${key.reveal()}`, "buffer");
  derived.set(key, made);
  return made;
}

/** Returns the MAC, of which {@link MAC_BYTES} are used, a byte a character: a Buffer costs twice as much. */
function sign(bytes: Uint8Array, key: Uint8Array): string {
  return createHmac("sha256", key).update(bytes).digest("binary");
}

function isSigned(bytes: Uint8Array, key: Uint8Array, mac: Uint8Array): boolean {
  return timingSafeEqual(Buffer.from(sign(bytes, key), "latin1").subarray(0, MAC_BYTES), mac);
}

function scopeHash({ caller, request }: CursorScope): Buffer {
  return hash("sha256", JSON.stringify([caller, request]), "buffer").subarray(0, BODY_AT - SCOPE_AT);
}
