import { mkdtemp, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type HttpProxy, startHttpProxy } from "../fakes/http-proxy.ts";
import { plant } from "../planted/search.ts";
import { type MadeRun, READER, TestProject } from "./project.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { startVersitygw, type Versitygw } from "./servers/versitygw.ts";
import { objectsOf, SHIPPER_EXAMPLES, sourceOf } from "./shipper-examples.ts";

const LOG = "first line\nGröße 世界 😀\n\u001b[31merror: failed\u001b[0m\nlast line\n";
const LINES = LOG.split(/(?<=\n)/);
const CONTAINER_ID = "0a".repeat(32);
const SHIPPED = SHIPPER_EXAMPLES.map((shipper) => `example-${shipper}`);
const METRICS = [
  "key",
  "host",
  "parts",
  "odd",
  "fluent-bit",
  "fluentd",
  "vector",
  "wrong",
  "unknown",
  "nobucket",
  "none",
] as const;
type Metric = (typeof METRICS)[number];

const exampleOf = (metric: string): string => metric.slice("example-".length);

describe("buckets of a store that verifies signatures", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  let store: Versitygw;
  let proxy: HttpProxy;
  let client: S3Client;
  let gateway: Gateway;
  let run: MadeRun;
  let token: string;

  /** Stores an object that was uploaded at this time. */
  const put = async (key: string, body: string | Uint8Array, uploaded = "2026-01-01T00:05:10Z"): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: "logs", Key: key, Body: body }));
    await utimes(join(inject("folder"), "versitygw", "logs", key), new Date(uploaded), new Date(uploaded));
  };

  beforeAll(async () => {
    const folder = inject("folder");
    store = await startVersitygw(folder);
    const { url, region, accessKeyId, secretAccessKey } = store;
    const credentials = { accessKeyId, secretAccessKey };
    client = new S3Client({ endpoint: url, region, forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: "logs" }));
    const secrets = await mkdtemp(join(folder, "s3-secrets-"));
    const secret = async (name: string, value: string) => {
      await writeFile(join(secrets, name), `${value}\n`);
      plant(value);
      return { file: join(secrets, name) };
    };
    const own = {
      bucket: "logs",
      endpoint: url,
      region,
      pathStyle: true,
      accessKeyId: await secret("id", accessKeyId),
      secretAccessKey: await secret("secret", secretAccessKey),
    };
    const key = "${{ project }}/${{ jobName }}/${{ container }}.log";
    const settings: Record<Metric, object> = {
      key: { key },
      host: { key, endpoint: store.namedUrl, pathStyle: false },
      parts: { prefix: "${{ project }}/${{ jobName }}/" },
      odd: { keys: "odd */${{ jobName }}/*+*" },
      // What each shipper does by default.
      "fluent-bit": {
        keys:
          "fluent-bit-logs/kube.var.log.containers.${{ podPrefix }}*_${{ jobNamespace }}_${{ container }}-*/" +
          "*/*/*/*/*/*",
      },
      fluentd: { keys: "logs/*_*.gz" },
      vector: { keys: "date=*/*.log.gz" },
      wrong: { key, secretAccessKey: await secret("wrong", "another-secret") },
      unknown: { key, accessKeyId: await secret("unknown", "another-id") },
      nobucket: { key, bucket: "another" },
      none: { key },
    };
    const shipped = SHIPPED.map((metric) => [metric, sourceOf(exampleOf(metric))] as const);
    const sources = [...Object.entries(settings), ...shipped].map(([metric, each]) => ({
      name: `bucket-${metric}`,
      match: { project: "bucketed", metric },
      s3: { ...own, ...each },
    }));
    const report = "${{ project }}/${{ jobName }}/${{ container }} report.html";
    const links = [{ title: "Report", match: { metric: "key" }, presign: { s3: { ...own, key: report } } }];
    proxy = await startHttpProxy();
    gateway = await startGateway({
      folder,
      // It resolves the bucket's host. Addresses of this machine are not reached through it.
      env: { HTTP_PROXY: proxy.url },
      config: JSON.stringify({ sources, links }),
      kubernetes: { ...kubernetes, token: await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]) },
    });
    const project = await TestProject.create(admin, "bucketed", inject("store").files);
    await project.addStage("uat");
    run = await project.addRun("uat.first", "uat", [...METRICS, ...SHIPPED]);
    token = await project.addUser("reader", READER);
    const at = (metric: string) => `bucketed/${run.jobOf(metric)}`;

    for (const metric of ["key", "host", "wrong", "unknown"] as const) await put(`${at(metric)}/main.log`, LOG);
    await put(`${at("parts")}/2026010100_10.gz`, gzipSync(LINES.slice(3).join("")));
    await put(`${at("parts")}/2026010100_9.gz`, gzipSync(LINES.slice(1, 3).join("")));
    await put(`${at("parts")}/2026010100_1.log`, LINES[0] ?? "");
    await put(`odd a&b=c %41 ü/${run.jobOf("odd")}/1+ <x>'"$`, LOG);

    for (const metric of SHIPPED) {
      const [own, others] = [run.jobOf(metric), run.jobOf("key")].map((job) => {
        const from = { namespace: "bucketed", pod: `${job}-abcde`, container: "main" };
        return objectsOf(
          exampleOf(metric),
          from,
          LINES.map((line) => line.slice(0, -1)),
        );
      });
      for (const { key, text } of [...(own ?? []), ...(others ?? [])]) await put(key, gzipSync(text));
    }

    const pod = `${run.jobOf("fluent-bit")}-abcde`;
    const fluentBit = LINES.map((line, index) => ({
      date: `2026-01-01T00:00:0${index}.000000Z`,
      time: `2026-01-01T00:00:0${index}.000000001Z`,
      stream: "stdout",
      _p: "F",
      log: line.slice(0, -1),
      kubernetes: { pod_name: pod, namespace_name: "bucketed", container_name: "main" },
    }));
    const tag = `kube.var.log.containers.${pod}_bucketed_main-${CONTAINER_ID}.log`;
    const objects = [fluentBit.slice(0, 2), fluentBit.slice(2)];
    for (const [minute, records] of objects.entries()) {
      const body = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      await put(`fluent-bit-logs/${tag}/2026/01/01/00/0${minute}/00-objectzY8Ab${9 - minute}0`, body);
    }

    const fluentd = (metric: string, text: string) =>
      `2026-01-01T00:00:01+00:00\tkubernetes.var.log.containers.x.log\t${JSON.stringify({
        stream: "stdout",
        log: text,
        kubernetes: { pod_name: `${metric}-abcde`, namespace_name: "bucketed", container_name: "main" },
      })}\n`;
    const others = fluentd("of-another-job", "no\n");
    const mine = LINES.map((line) => fluentd(run.jobOf("fluentd"), line));
    await put("logs/2026010100_10.gz", gzipSync(others + mine.slice(2).join("")));
    await put("logs/2026010100_9.gz", gzipSync(mine.slice(0, 2).join(others)));
    await put("logs/2026010200_0.gz", gzipSync(fluentd(run.jobOf("fluentd"), "too late\n")), "2026-01-02T00:10:00Z");

    const vector = (metric: string, message: string) =>
      `${JSON.stringify({
        file: "/var/log/pods/x/main/0.log",
        kubernetes: { container_name: "main", pod_name: `${metric}-abcde`, pod_namespace: "bucketed" },
        message,
        source_type: "kubernetes_logs",
        stream: "stdout",
        timestamp: "2026-01-01T00:00:01.000000001Z",
      })}\n`;
    const lines = LINES.map((line) => vector(run.jobOf("vector"), line.slice(0, -1)));
    const name = (seconds: number) => `date=2026-01-01/${seconds}-0a0b0c0d-0000-4000-8000-000000000000.log.gz`;
    await put(name(1_767_225_660), gzipSync(lines.slice(0, 1).join("") + vector("of-another-job", "no")));
    await put(name(1_767_225_960), gzipSync(lines.slice(1).join("")));
  });

  afterAll(async () => {
    await gateway?.server.stop();
    await proxy?.close();
    await store?.server.stop();
    client?.destroy();
    await admin.close();
  });

  const read = (metric: string, more = "") =>
    fetch(`${gateway.url}/raw/bucketed/${run.name}?metric=${metric}${more}`, {
      headers: { authorization: `Bearer ${token}` },
    });

  it.each(["key", "host", "parts", "odd", "fluent-bit", "fluentd", "vector"] as const)(
    "give a log that is stored as %s",
    async (metric) => {
      const answer = await read(metric);
      expect(await answer.text()).toBe(LOG);
      expect(answer.status).toBe(200);
    },
  );

  it.each(SHIPPED)("give the log that a shipper stores that is configured as in the docs: %s", async (metric) => {
    const answer = await read(metric);
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 200, text: LOG });
  });

  it("are hosts of their own, unless the configuration wants them in the path", async () => {
    await read("host");
    const { host } = new URL(store.namedUrl);
    expect(proxy.asked).toContainEqual(expect.stringMatching(`^GET http://logs\\.${host}/bucketed/`));
  });

  it.each(["key", "parts", "vector"] as const)("give the last line of a log that is stored as %s", async (metric) => {
    expect(await (await read(metric, "&tail=1")).text()).toBe("last line\n");
  });

  it("give a report to a browser by an address that this server has signed", async () => {
    const job = run.jobOf("key");
    await put(`bucketed/${job}/main report.html`, "<h1>Report</h1>");
    const link = `${gateway.url}/links/bucketed/${run.name}?title=Report&metric=key&attempt=1&container=main`;
    const headers = { authorization: `Bearer ${token}` };
    const redirect = await fetch(link, { headers, redirect: "manual" });
    expect(redirect.status).toBe(302);
    const location = redirect.headers.get("location") ?? "";
    const page = await fetch(location);
    expect([page.status, await page.text()]).toEqual([200, "<h1>Report</h1>"]);
    expect((await fetch(location.replace("report.html", "secret.html"))).status).toBe(403);
    expect((await fetch(link, { redirect: "manual" })).status).toBe(401);
  });

  it.each<[Metric, number, string, string]>([
    ["wrong", 502, "BACKEND_REFUSED", "does not accept this server's signature"],
    ["unknown", 502, "BACKEND_REFUSED", "does not know this server's access key"],
    ["nobucket", 404, "LOG_NOT_FOUND", "has no such bucket"],
    ["none", 404, "LOG_NOT_FOUND", "answered 404"],
  ])("say in words why there is no log: %s", async (metric, status, reason, did) => {
    const answer = await read(metric);
    const text = await answer.text();
    expect({ status: answer.status, text }).toMatchObject({ status, text: expect.stringContaining(reason) });
    expect(text).toContain(did);
    expect(text).not.toMatch(/127\.0\.0\.1|taffrail-test|secret\//);
  });
});
