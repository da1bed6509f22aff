const ESC = "\x1b";
const LEVELS = [`${ESC}[32mINFO ${ESC}[0m`, `${ESC}[32mINFO ${ESC}[0m`, `${ESC}[34mDEBUG${ESC}[0m`];
/** Lines that are generated once and sent repeatedly. */
const DISTINCT = 10_000;

/** Lines of a load test, about 132 bytes each, with a coloured level and a bold field. */
export function* loadLines(count: number): Generator<Buffer> {
  let text = "";
  for (let at = 0; at < DISTINCT; at += 1) {
    const level =
      at % 997 === 996 ? `${ESC}[31mERROR${ESC}[0m` : at % 313 === 312 ? `${ESC}[33mWARN ${ESC}[0m` : LEVELS[at % 3];
    const time = new Date(1_773_324_000_000 + at * 7).toISOString();
    text += `${time} ${level} vu=${String(at % 1000).padStart(4, "0")} ${ESC}[1mGET${ESC}[0m /api/vouchers/redeem 200 ${at % 900} ms trace=${String(at * 10).padStart(6, "0")} session=${(at * 2_654_435_761) % 4_294_967_296}\n`;
  }
  const block = Buffer.from(text);
  for (let sent = 0; sent < count; sent += DISTINCT) yield block;
}
