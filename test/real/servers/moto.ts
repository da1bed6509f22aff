import { resolveServer } from "../programs/resolve.ts";
import { ChildServer } from "./child-server.ts";
import { findFreePort } from "./free-port.ts";

/** A server of many AWS services, of which the tests use S3, STS and IAM. */
export interface Moto {
  readonly url: string;
  readonly server: ChildServer;
  /**
   * Requests must be signed by somebody whom IAM allows them, after so many more: those to STS are not signed. Until
   * then, all are allowed.
   */
  enforceAfter(requests: number): Promise<void>;
}

/** Starts the server, and waits until it answers. */
export async function startMoto(): Promise<Moto> {
  const { path } = await resolveServer("moto_server");
  const port = await findFreePort();
  const server = new ChildServer("moto", path, ["-H", "127.0.0.1", "-p", String(port)]);
  const url = `http://127.0.0.1:${port}`;
  await server
    .waitFor(async () => ((await fetch(`${url}/moto-api/`)).ok ? true : undefined))
    .catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  return {
    url,
    server,
    async enforceAfter(requests) {
      const answer = await fetch(`${url}/moto-api/reset-auth`, { method: "POST", body: String(requests) });
      if (!answer.ok) throw new Error(`moto: ${answer.status} ${await answer.text()}`);
    },
  };
}
