const MEBIBYTE = 1024 * 1024;

/** Default bytes of memory for a log on this device: 1 GiB, 64 MiB on phones. */
export function defaultMemory(): number {
  return matchMedia("(pointer: coarse) and (max-width: 720px)").matches ? 64 * MEBIBYTE : 1024 * MEBIBYTE;
}
