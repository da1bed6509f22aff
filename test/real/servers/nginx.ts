import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveServer } from "../programs/resolve.ts";
import { ChildServer } from "./child-server.ts";
import { findFreePort } from "./free-port.ts";

export interface NginxOptions {
  /** The folder of its configuration and temporary files. */
  readonly folder: string;
  /** The folder that it serves. */
  readonly files: string;
}

export interface NginxProxyOptions {
  /** For its configuration and its temporary files. */
  readonly folder: string;
  /** The address that it hands requests on to. */
  readonly upstream: string;
}

/** An nginx that runs. */
export interface Nginx {
  readonly url: string;
  readonly server: ChildServer;
}

/**
 * Starts nginx as a file store, and waits until it answers.
 *
 * - `/…`: the files, unchanged. Folders are not listed.
 * - `/encoded/…`: `x` is the file `x.gz` with `content-encoding: gzip`, whatever the client accepts.
 * - `/guarded/…`: the files, if the request has `authorization: Bearer store-token`; else 403.
 */
export function startNginx({ folder, files }: NginxOptions): Promise<Nginx> {
  return start(
    join(folder, "nginx"),
    `
        root ${files};
        autoindex off;
        location /encoded/ { alias ${files}/; gzip_static always; }
        location /guarded/ { if ($http_authorization != "Bearer store-token") { return 403; } alias ${files}/; }`,
  );
}

/** Starts nginx in front of a server, with `proxy_pass` and all else as it comes, and waits until it answers. */
export function startNginxProxy({ folder, upstream }: NginxProxyOptions): Promise<Nginx> {
  return start(
    join(folder, "nginx-proxy"),
    `
        location / { proxy_pass ${upstream}; }`,
  );
}

async function start(folder: string, rules: string): Promise<Nginx> {
  const { path } = await resolveServer("nginx");
  const port = await findFreePort();
  await mkdir(folder, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const configuration = `
    # Else its workers give up root and cannot read the folder.
    ${process.getuid?.() === 0 ? "user root;" : ""}
    daemon off;
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log stderr;
    events { worker_connections 4096; }
    http {
      ${temporary.join("\n      ")}
      access_log off;
      sendfile on;
      default_type text/plain;
      keepalive_requests 1000000;
      server {
        listen 127.0.0.1:${port};${rules}
      }
    }
  `;
  const file = join(folder, "nginx.conf");
  await writeFile(file, configuration);
  const server = new ChildServer("nginx", path, ["-e", "stderr", "-p", folder, "-c", file]);
  const url = `http://127.0.0.1:${port}`;
  await server
    .waitFor(async () => (await fetch(url)).status)
    .catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  return { url, server };
}
