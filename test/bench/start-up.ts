import { type GatewayOptions, startGateway } from "../real/servers/gateway.ts";
import { readMemory } from "./process-stats.ts";

/** One start of the gateway. */
export interface StartUp {
  /**
   * From just before the process is spawned to its line that says where it listens; two small files are written before
   * that.
   */
  readonly listensMs: number;
  /** What it holds once it has answered its first request, in bytes. */
  readonly idleMemory: number;
}

/** Starts a gateway, asks it whether it is well, and stops it. */
export async function measureStartUp(options: GatewayOptions): Promise<StartUp> {
  const start = Date.now();
  const { server, url } = await startGateway(options);
  try {
    const line = server.output.split("\n").find((each) => each.includes('"msg":"listening"')) ?? "{}";
    // The line's own time: we look for it now and then only.
    const { time } = JSON.parse(line) as { time?: number };
    if (time === undefined) throw new Error(`The gateway does not tell when it began to listen: ${server.output}`);
    const { status } = await fetch(`${url}/readyz`, { headers: { connection: "close" } });
    if (status !== 200) throw new Error(`The gateway is not ready: ${status}.`);
    return { listensMs: time - start, idleMemory: readMemory(server.pid) };
  } finally {
    await server.stop();
  }
}
