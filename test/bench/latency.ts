import { type Agent, request } from "node:http";
import { FIRST_WORDS } from "./corpus.ts";
import type { Way } from "./ways.ts";

/**
 * Reads the small log once over a keep-alive connection. Returns the milliseconds until the first bytes of the log
 * itself had arrived; frames before them do not count.
 *
 * Throws if the response ends without them.
 */
export function measureFirstByte(way: Way, url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const outgoing = request(
      `${url}${way.path("small")}`,
      { agent, method: way.method, headers: way.headers },
      (answer) => {
        let head = Buffer.alloc(0);
        let elapsed: number | undefined;
        answer.on("data", (part: Buffer) => {
          if (elapsed !== undefined) return;
          head = Buffer.concat([head, part]);
          if (head.includes(FIRST_WORDS)) elapsed = performance.now() - start;
        });
        answer.once("error", reject);
        answer.once("end", () => {
          if (elapsed !== undefined) resolve(elapsed);
          else reject(new Error(`${way.name}: status ${answer.statusCode}: ${head.toString().slice(0, 500)}`));
        });
      },
    );
    outgoing.once("error", reject);
    outgoing.end(way.body("small"));
  });
}
