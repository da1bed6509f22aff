export const ESCAPE = 0x1b;
const BELL = 0x07;

/**
 * A copy of a text without escape sequences as ECMA-48 has them: CSI (colours, cursor movements), OSC and other strings (titles, links), and
 * those of two or three characters. Of one that is not finished, only its beginning is left out.
 */
export function stripEscapes(text: Uint8Array): Buffer {
  const stripped = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; ) {
    const byte = text[at] ?? 0;
    if (byte === ESCAPE) at = sequenceEnd(text, at);
    else {
      stripped[length] = byte;
      length += 1;
      at += 1;
    }
  }
  return stripped.subarray(0, length);
}

/** Where the escape sequence ends that begins at `start`. */
function sequenceEnd(text: Uint8Array, start: number): number {
  const kind = text[start + 1];
  if (kind === undefined) return start + 1;
  if (kind === 0x5b) {
    let at = start + 2;
    while (isBetween(text[at], 0x20, 0x3f)) at += 1;
    return isBetween(text[at], 0x40, 0x7e) ? at + 1 : at;
  }
  // OSC, DCS, SOS, PM, APC: up to BEL or ST, and never past another escape, so that each byte is looked at once.
  if (kind === 0x5d || kind === 0x50 || kind === 0x58 || kind === 0x5e || kind === 0x5f) {
    for (let at = start + 2; at < text.length; at += 1) {
      if (text[at] === BELL) return at + 1;
      if (text[at] === ESCAPE) return text[at + 1] === 0x5c ? at + 2 : start + 2;
    }
    return start + 2;
  }
  let at = start + 1;
  while (isBetween(text[at], 0x20, 0x2f)) at += 1;
  return isBetween(text[at], 0x30, 0x7e) ? at + 1 : at;
}

function isBetween(byte: number | undefined, low: number, high: number): boolean {
  return byte !== undefined && byte >= low && byte <= high;
}
