/** The system's code for a connection that failed, such as ECONNREFUSED; empty for other errors. */
export function systemCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
  }
  return "";
}

/** Whether a system's code says that TLS failed, most often because a certificate is not trusted. */
export function isTlsCode(code: string): boolean {
  return /CERT|^ERR_TLS|^ERR_SSL|^EPROTO$|^UNABLE_TO/.test(code);
}
