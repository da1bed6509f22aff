import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { link, mkdir, open, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { logPath } from "../bench/ways.ts";
import { resolveServer } from "../real/programs/resolve.ts";
import { startVersitygw } from "../real/servers/versitygw.ts";
import type { StoredForBench } from "./main.ts";
import { LOG_FILE, timeCommand } from "./time-command.ts";

/** How many objects the log has that is stored in parts. */
const PARTS = 16;

/** Stores a log in a bucket of versitygw, whose buckets are folders: as one object, and as compressed parts. */
export async function storeInBucket(folder: string, file: string): Promise<StoredForBench> {
  const store = await startVersitygw(folder);
  const { url, region, accessKeyId, secretAccessKey } = store;
  const bucket = join(folder, "versitygw", "bench");
  const key = logPath("large").slice(1);
  await mkdir(dirname(join(bucket, key)), { recursive: true });
  await link(file, join(bucket, key));
  const { size } = await stat(file);
  await splitIntoParts(file, size, join(bucket, "parts", key.split("/")[1] ?? ""));
  const secret = async (name: string, value: string) => {
    await writeFile(join(folder, name), value);
    return { file: join(folder, name) };
  };
  const own = {
    bucket: "bench",
    endpoint: url,
    region,
    pathStyle: true,
    accessKeyId: await secret("id", accessKeyId),
    secretAccessKey: await secret("secret", secretAccessKey),
  };
  const { path } = await resolveServer("aws");
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  return {
    sources: {
      "`s3`, one object": { s3: { ...own, key: "${{ project }}/${{ jobName }}/${{ container }}.log" } },
      [`\`s3\`, ${PARTS} parts, gzip`]: { s3: { ...own, prefix: "parts/${{ jobName }}/" } },
    },
    tool: {
      // `aws s3 cp … -` hangs at an object of 2 GB.
      name: "aws s3api get-object",
      read: () => timeCommand(path, ["s3api", "get-object", "--bucket=bench", `--key=${key}`, LOG_FILE], env, size),
    },
    stop: () => store.server.stop(),
  };
}

/** Cuts a file into parts as a shipper would, each compressed. */
async function splitIntoParts(file: string, size: number, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const each = Math.ceil(size / PARTS);
  for (let part = 0; part < PARTS; part += 1) {
    const name = join(folder, `2026010100_${part}`);
    const to = await open(name, "w");
    const end = Math.min(size, (part + 1) * each) - 1;
    await to.writeFile(createReadStream(file, { start: part * each, end }));
    await to.close();
    await promisify(execFile)("gzip", ["-1", name]);
  }
}
