/** What a stream may send before it has to wait for its turn, in bytes: short answers do not wait behind long logs. */
const FREE_BYTES = 256 * 1024;
/** How long streams may keep one turn of the event loop, all of them together, in milliseconds. */
const TURN_MS = 1;

/** When the first stream asked in this turn, as `performance.now()` has it. `undefined`: none has. */
let began: number | undefined;
/** The streams that wait for their turn, in order. */
const waiting: (() => void)[] = [];

/**
 * Asks whether a stream may go on in this turn of the event loop. Where data comes and goes as fast as it is read, streams
 * continue in microtasks, and a hundred of them would keep everything else waiting for seconds.
 *
 * @param sent how many bytes the stream has sent so far.
 * @returns what to wait for first; `undefined` while there is time left in this turn, and no other stream waits.
 */
export function sharedTurn(sent: number): Promise<void> | undefined {
  if (sent < FREE_BYTES) return undefined;
  if (began === undefined) begin();
  if (waiting.length === 0 && hasTime()) return undefined;
  return new Promise((resolve) => void waiting.push(resolve));
}

function begin(): void {
  began = performance.now();
  setImmediate(next);
}

function hasTime(): boolean {
  return began === undefined || performance.now() - began < TURN_MS;
}

function next(): void {
  began = undefined;
  if (waiting.length === 0) return;
  begin();
  resume();
}

/** Lets the stream that has waited longest go on, and then the next one, while there is time. */
function resume(): void {
  waiting.shift()?.();
  // Ticks that a microtask asks for come after all other microtasks: when the stream waits for something again.
  queueMicrotask(() => process.nextTick(() => waiting.length > 0 && hasTime() && resume()));
}
