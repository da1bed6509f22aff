import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveServer } from "../programs/resolve.ts";
import { ChildServer } from "./child-server.ts";
import { findFreePort } from "./free-port.ts";

export interface LokiOptions {
  /** The folder of its configuration and data. */
  readonly folder: string;
  /** Whether requests must name a tenant. Default: false. */
  readonly tenants?: boolean;
  /** The most lines of one answer. Default: 5,000, which is Loki's own default. */
  readonly maxEntries?: number;
}

/** One stream as a shipper pushes it: its labels, and its lines with their times in nanoseconds. */
export interface PushedStream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [time: string, line: string, ...more: unknown[]])[];
}

/** A Loki that runs. */
export interface Loki {
  readonly url: string;
  readonly server: ChildServer;
  /** Pushes streams, in requests of at most a few megabytes. Throws unless Loki accepts them. */
  push(streams: readonly PushedStream[], tenant?: string): Promise<void>;
}

/** The most lines of one push. */
const BATCH = 10_000;

/** Starts Loki as a single process with its data in a folder, and waits until it accepts lines. */
export async function startLoki({ folder, tenants = false, maxEntries = 5_000 }: LokiOptions): Promise<Loki> {
  const { path } = await resolveServer("loki");
  const data = join(folder, `loki-${await findFreePort()}`);
  await mkdir(data, { recursive: true });
  const port = await findFreePort();
  const config = {
    auth_enabled: tenants,
    server: {
      http_listen_address: "127.0.0.1",
      http_listen_port: port,
      grpc_listen_address: "127.0.0.1",
      grpc_listen_port: await findFreePort(),
      log_level: "warn",
    },
    ingester: {
      lifecycler: {
        address: "127.0.0.1",
        ring: { kvstore: { store: "inmemory" }, replication_factor: 1 },
        final_sleep: "0s",
        // Otherwise it waits a quarter of a minute before it is ready.
        min_ready_duration: "0s",
      },
      chunk_idle_period: "1h",
      max_transfer_retries: 0,
    },
    schema_config: {
      configs: [
        {
          from: "2018-04-15",
          store: "boltdb",
          object_store: "filesystem",
          schema: "v11",
          index: { prefix: "index_", period: "168h" },
        },
      ],
    },
    storage_config: { boltdb: { directory: join(data, "index") }, filesystem: { directory: join(data, "chunks") } },
    limits_config: {
      enforce_metric_name: false,
      // The runs of the tests are of any time.
      reject_old_samples: false,
      ingestion_rate_mb: 1_000,
      ingestion_burst_size_mb: 1_000,
      max_entries_limit_per_query: maxEntries,
    },
  };
  const file = join(data, "loki.yaml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const server = new ChildServer("loki", path, [`-config.file=${file}`], { cwd: data });
  const url = `http://127.0.0.1:${port}`;
  await server
    .waitFor(async () => ((await fetch(`${url}/ready`)).ok ? true : undefined))
    .catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  return { url, server, push: (streams, tenant) => pushToLoki(url, streams, tenant) };
}

/** Pushes streams to a Loki. Throws unless it accepts them. */
export async function pushToLoki(url: string, streams: readonly PushedStream[], tenant?: string): Promise<void> {
  for (const { stream, values } of streams) {
    for (let from = 0; from < values.length; from += BATCH) {
      const response = await fetch(`${url}/loki/api/v1/push`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(tenant !== undefined && { "x-scope-orgid": tenant }) },
        body: JSON.stringify({ streams: [{ stream, values: values.slice(from, from + BATCH) }] }),
      });
      if (response.status !== 204) throw new Error(`Loki answered ${response.status}: ${await response.text()}`);
    }
  }
}
