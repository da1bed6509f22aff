const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether this is a valid name of an object (an RFC 1123 subdomain of at most 253 characters). */
export function isObjectName(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN.test(text);
}

/** Whether this is a valid name of a namespace (an RFC 1123 label of at most 63 characters). */
export function isNamespaceName(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** Whether this is a valid name of a container (an RFC 1123 label of at most 63 characters). */
export function isContainerName(text: string): boolean {
  return isNamespaceName(text);
}
