/** `\n`, which ends a line. */
export const LINE_FEED = 0x0a;

/**
 * How many bytes to take, at most `max`, without cutting a UTF-8 character: possibly none if `max` is less than four.
 */
export function cutLength(bytes: Uint8Array, max: number): number {
  return bytes.length <= max ? bytes.length : max - unfinishedLength(bytes.subarray(0, max));
}

/**
 * How many bytes at the end, 0 to 3, are the beginning of a character whose rest is missing. Bytes that cannot become a
 * character are not counted.
 */
export function unfinishedLength(bytes: Uint8Array): number {
  for (let length = 1; length <= 3 && length <= bytes.length; length += 1) {
    const lead = bytes[bytes.length - length] ?? 0;
    if (isContinuation(lead)) continue;
    const needed =
      lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 1;
    if (length >= needed) return 0;
    return length === 1 || mayFollow(lead, bytes[bytes.length - length + 1] ?? 0) ? length : 0;
  }
  return 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** Whether the first byte allows the second one: no overlong forms, no surrogates, nothing above U+10FFFF. */
function mayFollow(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second <= 0x8f;
  return true;
}
