const ESC = 0x1b;

type State = "text" | "escape" | "csi" | "string" | "string-escape";

/**
 * Makes what a log may do to a terminal harmless: of all escape sequences only those that set colours and styles (SGR) are left. Titles, clipboard writes, links, cursor moves and
 * the C1 controls are taken out; so are other controls but tab and line feed. A carriage return that no line feed follows would let a later text hide an earlier one: it becomes a
 * line feed.
 *
 * Works on the bytes of UTF-8, piece by piece: a sequence may be cut anywhere.
 */
export function createTerminalFilter(): (piece: Uint8Array) => Uint8Array {
  let state: State = "text";
  let sequence: number[] = [];
  let afterReturn = false;
  let afterC2 = false;

  return (piece) => {
    const out = Buffer.alloc(piece.length * 2 + sequence.length + 2);
    let at = 0;
    const put = (byte: number): void => {
      at = out.writeUInt8(byte, at);
    };
    for (const byte of piece) {
      if (afterReturn) {
        afterReturn = false;
        put(0x0a);
        if (byte === 0x0a) continue;
      }
      if (afterC2) {
        afterC2 = false;
        // U+0080 to U+009F are the C1 controls: CSI, OSC and the like in one character.
        if (byte >= 0x80 && byte <= 0x9f) continue;
        put(0xc2);
      }
      switch (state) {
        case "text":
          if (byte === ESC) state = "escape";
          else if (byte === 0x0d) afterReturn = true;
          else if (byte === 0xc2) afterC2 = true;
          else if (byte === 0x09 || byte === 0x0a || (byte >= 0x20 && byte !== 0x7f)) put(byte);
          break;
        case "escape":
          if (byte === 0x5b) {
            state = "csi";
            sequence = [];
          } else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) {
            state = "string";
          } else if (byte !== ESC && !(byte >= 0x20 && byte <= 0x2f)) {
            state = "text";
          }
          break;
        case "csi":
          if (byte >= 0x40 && byte <= 0x7e) {
            state = "text";
            if (byte === 0x6d && sequence.every((each) => each >= 0x30 && each <= 0x3b)) {
              for (const each of [ESC, 0x5b, ...sequence, byte]) put(each);
            }
          } else if (byte === ESC) {
            state = "escape";
          } else if (byte < 0x20 || byte > 0x7e || sequence.length >= 64) {
            state = "text";
            if (byte === 0x0a) put(byte);
          } else {
            sequence.push(byte);
          }
          break;
        case "string":
          if (byte === 0x07 || byte === 0x0a) state = "text";
          else if (byte === ESC) state = "string-escape";
          if (byte === 0x0a) put(byte);
          break;
        case "string-escape":
          state = byte === 0x5c ? "text" : byte === ESC ? "string-escape" : "string";
          break;
      }
    }
    return out.subarray(0, at);
  };
}
