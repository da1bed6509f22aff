import { LINE_FEED } from "./characters.ts";
import { ESCAPE } from "./escape-sequences.ts";

/** The memory of the WebAssembly module below: one page. */
const PAGE_BYTES = 64 * 1024;
/** How many bytes it compares with one instruction. */
const VECTOR_BYTES = 16;

/** Bytes below this are controls that may change what a line shows, NUL and backspace among them. */
const CONTROL_END = 9;
/** Set in a result of the module if there are controls. */
const CONTROLS_FLAG = 2 ** 30;

/**
 * A WebAssembly module that counts the line feeds at the beginning of its memory and looks for controls, 16 bytes at a
 * time: JavaScript has no vector instructions. The comments give the same code in WebAssembly's text format.
 */
// biome-ignore format: one instruction to a line.
const MODULE = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // (module
  1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, //      (type (func (param i32) (result i32)))
  3, 2, 1, 0, //                           (func (type 0) ... its body is below)
  5, 3, 1, 0, 1, //                        (memory 1)
  7, 18, 2, //
  6, 109, 101, 109, 111, 114, 121, 2, 0, // (export "memory" (memory 0))
  5, 99, 111, 117, 110, 116, 0, 0, //      (export "count" (func 0))
  10, 204, 1, 1, 201, 1, //                (func (param $end i32) (result i32)
  2, 3, 0x7f, 3, 0x7b, //                    (local $at i32) (local $stop i32) (local $feeds i32) (local $lanes v128)
  //                                         (local $vector v128) (local $controls v128)
  0x03, 0x40, //                             (loop $blocks
  0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // v128.const i8x16 0...
  0x21, 4, //                                  local.set $lanes
  // A lane counts to 255, so the lanes are added up after 255 steps of 16 bytes.
  0x20, 1, 0x41, 0xf0, 0x1f, 0x6a, 0x22, 2, // local.tee $stop (i32.add (local.get $at) (i32.const 4080))
  0x20, 0, //                                  local.get $end
  0x20, 2, 0x20, 0, 0x49, //                   (i32.lt_u (local.get $stop) (local.get $end))
  0x1b, 0x21, 2, //                            local.set $stop (select)
  0x03, 0x40, //                               (loop $vectors
  0x20, 4, //                                    local.get $lanes
  0x20, 1, 0xfd, 0, 0, 0, 0x22, 5, //            local.tee $vector (v128.load align=1 (local.get $at))
  0xfd, 12, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, // v128.const i8x16 10...
  0xfd, 35, //                                   i8x16.eq: -1 in each lane that holds a line feed
  0xfd, 113, 0x21, 4, //                         local.set $lanes (i8x16.sub)
  0x20, 6, 0x20, 5, //                           local.get $controls, local.get $vector
  0xfd, 12, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, // v128.const i8x16 9...
  0xfd, 38, 0xfd, 80, //                         v128.or (i8x16.lt_u)
  0x20, 5, //                                    local.get $vector
  0xfd, 12, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, // v128.const i8x16 27...
  0xfd, 35, 0xfd, 80, 0x21, 6, //                local.set $controls (v128.or (i8x16.eq))
  0x20, 1, 0x41, 16, 0x6a, 0x22, 1, //           local.tee $at (i32.add (local.get $at) (i32.const 16))
  0x20, 2, 0x49, 0x0d, 0, //                     br_if $vectors (i32.lt_u (local.get $stop))
  0x0b, //                                     )
  0x20, 4, 0xfd, 125, //                       i16x8.extadd_pairwise_i8x16_u (local.get $lanes)
  0xfd, 127, 0x21, 4, //                       local.set $lanes (i32x4.extadd_pairwise_i16x8_u)
  0x20, 3, //                                  local.get $feeds
  0x20, 4, 0xfd, 27, 0, 0x6a, //               i32.add (i32x4.extract_lane 0 (local.get $lanes))
  0x20, 4, 0xfd, 27, 1, 0x6a, //
  0x20, 4, 0xfd, 27, 2, 0x6a, //
  0x20, 4, 0xfd, 27, 3, 0x6a, //
  0x21, 3, //                                  local.set $feeds
  0x20, 1, 0x20, 0, 0x49, 0x0d, 0, //          br_if $blocks (i32.lt_u (local.get $at) (local.get $end))
  0x0b, //                                   )
  0x20, 3, //                                local.get $feeds
  0x20, 6, 0xfd, 83, 0x41, 30, 0x74, //      i32.shl (v128.any_true (local.get $controls)) (i32.const 30)
  0x72, 0x0b, //                             i32.or))
);

/** What lines contain. */
export interface LineScan {
  readonly feeds: number;
  /** Whether there are escapes, backspaces, NULs or other controls below a tab. */
  readonly hasControls: boolean;
}

/** Scans with the module above; `undefined` if the runtime or the processor does not support WebAssembly vectors. */
function createVectorScanner(): ((bytes: Uint8Array) => LineScan) | undefined {
  let exports: WebAssembly.Exports;
  try {
    ({ exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE)));
  } catch {
    return undefined;
  }
  const page = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
  const count = exports.count as (end: number) => number;
  return (bytes) => {
    let feeds = 0;
    let hasControls = false;
    let at = 0;
    for (let left = bytes.length; left >= VECTOR_BYTES; left = bytes.length - at) {
      const length = Math.min(left - (left % VECTOR_BYTES), PAGE_BYTES);
      page.set(length === bytes.length ? bytes : bytes.subarray(at, at + length));
      const result = count(length);
      hasControls ||= result >= CONTROLS_FLAG;
      feeds += result % CONTROLS_FLAG;
      at += length;
    }
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === LINE_FEED) feeds += 1;
      else if (byte < CONTROL_END || byte === ESCAPE) hasControls = true;
    }
    return { feeds, hasControls };
  };
}

/** Scans by searching for each line feed: three times slower for lines of 80 bytes. */
export function scanBySearch(bytes: Uint8Array): LineScan {
  const hasControls = bytes.some((byte) => byte < CONTROL_END || byte === ESCAPE);
  return { feeds: countBySearch(bytes), hasControls };
}

function countBySearch(bytes: Uint8Array): number {
  // Buffer's indexOf is five times as fast as Uint8Array's.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let feeds = 0;
  for (let at = buffer.indexOf(LINE_FEED); at !== -1; at = buffer.indexOf(LINE_FEED, at + 1)) feeds += 1;
  return feeds;
}

/** Scans lines. Takes about 0.05 s of CPU per GiB, whatever the length of the lines. */
export const scanLines: (bytes: Uint8Array) => LineScan = createVectorScanner() ?? scanBySearch;

/** Counts line feeds, as fast. */
export function countLineFeeds(bytes: Uint8Array): number {
  return scanLines(bytes).feeds;
}
