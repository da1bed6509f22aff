import { resolveServer } from "../programs/resolve.ts";
import { ChildServer } from "./child-server.ts";
import { findFreePort } from "./free-port.ts";

/** A fault of the connection (https://github.com/Shopify/toxiproxy#toxics). */
export interface Toxic {
  readonly type: "latency" | "timeout" | "reset_peer" | "limit_data" | "bandwidth" | "slicer";
  readonly attributes: Readonly<Record<string, number>>;
  /** The affected direction. Default: what the server sends. */
  readonly stream?: "upstream" | "downstream";
}

/** A proxy to a TCP server that can cause faults. */
export interface ToxicWay {
  readonly port: number;
  add(toxic: Toxic): Promise<void>;
  /** Refuses connections, and ends the current ones. */
  cut(): Promise<void>;
  /** Removes all faults. */
  heal(): Promise<void>;
}

export interface Toxiproxy {
  readonly server: ChildServer;
  /** Opens a proxy to a port of the loopback interface. */
  open(name: string, port: number): Promise<ToxicWay>;
}

/** Starts toxiproxy without proxies, and waits until it answers. */
export async function startToxiproxy(): Promise<Toxiproxy> {
  const { path } = await resolveServer("toxiproxy");
  const port = await findFreePort();
  const server = new ChildServer("toxiproxy", path, ["-host", "127.0.0.1", "-port", String(port)]);
  const send = async (method: string, place: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}${place}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`toxiproxy: ${method} ${place}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  try {
    await server.waitFor(async () => ((await fetch(`http://127.0.0.1:${port}/version`)).ok ? true : undefined));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    server,
    open: async (name, upstream) => {
      const made = await send("POST", "/proxies", { name, listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstream}` });
      const own = `/proxies/${name}`;
      return {
        port: Number((made as { listen: string }).listen.split(":").at(-1)),
        add: async (toxic) => void (await send("POST", `${own}/toxics`, toxic)),
        cut: async () => void (await send("POST", own, { enabled: false })),
        heal: async () => {
          const { toxics } = (await send("GET", own)) as { toxics: readonly { name: string }[] };
          for (const toxic of toxics) await send("DELETE", `${own}/toxics/${toxic.name}`);
          await send("POST", own, { enabled: true });
        },
      };
    },
  };
}
