/**
 * Whether the browser uses TLS, to us or to a proxy in front of us. A client can deceive itself alone.
 *
 * @param headers as in `Headers`.
 * @param encrypted whether the connection to us is encrypted, or the configured address of this server begins with https.
 */
export function browserUsesTls(headers: { get(name: string): string | null }, encrypted: boolean): boolean {
  const forwarded = headers.get("x-forwarded-proto")?.split(",")[0]?.trim();
  return encrypted || forwarded === "https" || /^https:/i.test(headers.get("origin") ?? "");
}
