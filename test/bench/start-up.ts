import { type GatewayOptions, startGateway } from "../real/servers/gateway.ts";
import { readMemory } from "./process-stats.ts";

/** One start of the gateway. */
export interface StartUp {
  /**
   * The time from spawning the process to its line that says where it listens. Includes writing two small files.
   */
  readonly listensMs: number;
  /** Its resident memory after its first response, in bytes. */
  readonly idleMemory: number;
}

/** Starts a gateway, requests its health, and stops it. */
export async function measureStartUp(options: GatewayOptions): Promise<StartUp> {
  const start = Date.now();
  const { server, url } = await startGateway(options);
  try {
    const line = server.output.split("\n").find((each) => each.includes('"msg":"listening"')) ?? "{}";
    // The line's own time, since its output is only polled.
    const { time } = JSON.parse(line) as { time?: number };
    if (time === undefined) throw new Error(`The gateway does not tell when it began to listen: ${server.output}`);
    const { status } = await fetch(`${url}/readyz`, { headers: { connection: "close" } });
    if (status !== 200) throw new Error(`The gateway is not ready: ${status}.`);
    return { listensMs: time - start, idleMemory: readMemory(server.pid) };
  } finally {
    await server.stop();
  }
}
