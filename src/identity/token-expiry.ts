import { z } from "zod";
import type { Secret } from "../secret.ts";

const Claims = z.object({ exp: z.number().positive().max(1e12) });

/**
 * When a token expires, in milliseconds since 1970, where it is a JWT that says so (RFC 7519 §4.1.4). Nothing is verified: that the cluster has done.
 */
export function expiryOf(token: Secret): number | undefined {
  const [, claims = ""] = token.reveal().split(".");
  try {
    return Claims.parse(JSON.parse(Buffer.from(claims, "base64url").toString("utf8"))).exp * 1_000;
  } catch {
    return undefined;
  }
}
