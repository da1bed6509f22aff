/**
 * Whether the browser uses TLS, to us or to a proxy in front of us.
 *
 * @param headers as in `Headers`.
 * @param encrypted whether the connection to us is encrypted.
 */
export function browserUsesTls(headers: { get(name: string): string | null }, encrypted: boolean): boolean {
  const forwarded = headers.get("x-forwarded-proto")?.split(",")[0]?.trim();
  return encrypted || forwarded === "https" || /^https:/i.test(headers.get("origin") ?? "");
}
