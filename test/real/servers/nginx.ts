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

/**
 * Starts nginx as a file store, and waits until it answers.
 *
 * - `/…`: the files, unchanged. Folders are not listed.
 * - `/encoded/…`: `x` is the file `x.gz` with `content-encoding: gzip`, whatever the client accepts.
 * - `/guarded/…`: the files, if the request has `authorization: Bearer store-token`; else 403.
 */
export async function startNginx({
  folder,
  files,
}: NginxOptions): Promise<{ readonly url: string; readonly server: ChildServer }> {
  const { path } = await resolveServer("nginx");
  const port = await findFreePort();
  await mkdir(join(folder, "nginx"), { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/nginx/${name};`,
  );
  const configuration = `
    # Else its workers give up root and cannot read the folder.
    ${process.getuid?.() === 0 ? "user root;" : ""}
    daemon off;
    worker_processes 1;
    pid ${folder}/nginx/nginx.pid;
    error_log stderr;
    events { worker_connections 4096; }
    http {
      ${temporary.join("\n      ")}
      access_log off;
      sendfile on;
      default_type text/plain;
      keepalive_requests 1000000;
      server {
        listen 127.0.0.1:${port};
        root ${files};
        autoindex off;
        location /encoded/ { alias ${files}/; gzip_static always; }
        location /guarded/ { if ($http_authorization != "Bearer store-token") { return 403; } alias ${files}/; }
      }
    }
  `;
  const file = join(folder, "nginx", "nginx.conf");
  await writeFile(file, configuration);
  const server = new ChildServer("nginx", path, ["-e", "stderr", "-p", join(folder, "nginx"), "-c", file]);
  const url = `http://127.0.0.1:${port}`;
  await server
    .waitFor(async () => (await fetch(url)).status)
    .catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  return { url, server };
}
