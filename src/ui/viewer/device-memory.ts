const MEBIBYTE = 1024 * 1024;

/** Bytes of memory that a log may take on this device, where nobody says otherwise: 1 GiB, 64 MiB on phones. */
export function usualMemory(): number {
  return matchMedia("(pointer: coarse) and (max-width: 720px)").matches ? 64 * MEBIBYTE : 1024 * MEBIBYTE;
}
