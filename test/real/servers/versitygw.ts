import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { resolveServer } from "../programs/resolve.ts";
import { ChildServer } from "./child-server.ts";
import { findFreePort } from "./free-port.ts";

/** A store of the protocol of S3 that verifies signatures. */
export interface Versitygw {
  readonly url: string;
  /** The same store under a name, with buckets as hosts below it. Only a proxy can resolve them. */
  readonly namedUrl: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly server: ChildServer;
}

/** Starts a store whose buckets are the folders in `folder`, and waits until it answers. */
export async function startVersitygw(folder: string): Promise<Versitygw> {
  const { path } = await resolveServer("versitygw");
  const port = await findFreePort();
  const buckets = join(folder, "versitygw");
  await mkdir(buckets, { recursive: true });
  const region = "eu-west-1";
  const accessKeyId = "taffrail-test";
  const secretAccessKey = "a-secret/of+the-test";
  const name = `s3.example.test:${port}`;
  const server = new ChildServer("versitygw", path, [
    ...["--port", `127.0.0.1:${port}`, "--region", region, "--access", accessKeyId, "--secret", secretAccessKey],
    ...["--virtual-domain", name],
    // Without the metadata in extended attributes, which not every file system has.
    ...["posix", "--sidecar", await madeFolder(join(folder, "metadata-of-versitygw")), buckets],
  ]);
  const url = `http://127.0.0.1:${port}`;
  await server
    .waitFor(async () => (await fetch(url)).status)
    .catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  return { url, namedUrl: `http://${name}`, region, accessKeyId, secretAccessKey, server };
}

async function madeFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}
