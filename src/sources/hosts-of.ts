/**
 * The hosts that an address template leads to, as `scheme://host:port`: its own or, where its host holds expressions,
 * the patterns that are allowed there.
 */
export function hostsOf(url: string, patterns: readonly string[] = []): readonly string[] {
  // An expression may contain a slash or a question mark.
  const [, scheme = "", host = ""] = /^([a-z][a-z0-9+.-]*:\/\/)((?:\$\{\{.*?\}\}|[^/?#\\])*)/is.exec(url) ?? [];
  if (host.includes("${{")) return patterns.map((pattern) => `${scheme}${pattern}`);
  // In the form in which browsers and DNS see it: other scripts as Punycode, without user and password.
  const parsed = URL.parse(`${scheme}${host}`);
  return [parsed === null || parsed.origin === "null" ? `${scheme}${host}` : parsed.origin];
}

/** The host of a bucket. */
export function hostsOfBucket({
  bucket,
  region,
  endpoint,
}: {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
}): readonly string[] {
  if (endpoint !== undefined) return hostsOf(endpoint).map((host) => `${host} (bucket ${bucket})`);
  return [`https://${bucket}.s3.${region}.amazonaws.com`];
}

/** What a bucket without keys of its own is asked with: whatever AWS credentials the computer has. */
export function credentialsOfBucket({
  accessKeyId,
  instanceMetadata,
}: {
  readonly accessKeyId?: unknown;
  readonly instanceMetadata: boolean;
}): readonly string[] {
  if (accessKeyId !== undefined) return [];
  return [
    "signatures of your AWS credentials (environment, ~/.aws)",
    ...(instanceMetadata ? ["signatures of this machine's own AWS credentials"] : []),
  ];
}
