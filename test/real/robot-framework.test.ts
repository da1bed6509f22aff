import { mkdtemp, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parse } from "yaml";
import { resolveServer } from "./programs/resolve.ts";
import { type MadeRun, READER, TestProject } from "./project.ts";
import { type CommandResult, tryCommand } from "./run-command.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { startVersitygw, type Versitygw } from "./servers/versitygw.ts";

const EXAMPLE = join(import.meta.dirname, "../../docs/examples/robot-framework");

/** The script of the example's container, as the template has it. */
async function readScript(): Promise<string> {
  const template = parse(await readFile(join(EXAMPLE, "analysis-template.yaml"), "utf8"));
  return template.spec.metrics[0].provider.job.spec.template.spec.containers[0].args[0];
}

describe("the example of Robot Framework", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  let store: Versitygw;
  let gateway: Gateway;
  let run: MadeRun;
  let token: string;
  let job: CommandResult;

  beforeAll(async () => {
    const folder = await mkdtemp(join(inject("folder"), "robot-"));
    store = await startVersitygw(folder);
    const { url, region, accessKeyId, secretAccessKey } = store;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint: url, region, forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: "verifications" }));
    client.destroy();

    const project = await TestProject.create(admin, "robots", inject("store").files);
    await project.addStage("uat");
    run = await project.addRun("uat.first", "uat", ["robot"], { containers: ["robot"] });
    token = await project.addUser("reader", READER);

    const programs = await Promise.all(["robot", "aws"].map(resolveServer));
    job = await tryCommand("/bin/sh", ["-c", await readScript()], {
      env: {
        BUCKET: "verifications",
        SUITES: join(EXAMPLE, "suites"),
        RESULTS: join(folder, "results"),
        PROJECT: "robots",
        JOB_NAME: run.jobOf("robot"),
        PATH: [...programs.map(({ path }) => dirname(path)), process.env.PATH].join(":"),
        PYTHONIOENCODING: "utf-8",
        AWS_ENDPOINT_URL: url,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
    });
    const bucket = {
      bucket: "verifications",
      endpoint: url,
      region,
      pathStyle: true,
      accessKeyId: { env: "S3_ID" },
      secretAccessKey: { env: "S3_SECRET" },
    };
    const key = (name: string) => ({ ...bucket, key: `\${{ project }}/\${{ jobName }}/${name}` });
    gateway = await startGateway({
      folder,
      config: JSON.stringify({
        sources: [{ name: "bucket", s3: key("console.log") }],
        links: [{ title: "Robot report", presign: { s3: key("report.html") } }],
      }),
      kubernetes: { ...kubernetes, token: await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]) },
      env: { S3_ID: accessKeyId, S3_SECRET: secretAccessKey },
    });
  });

  afterAll(async () => {
    await gateway?.server.stop();
    await store?.server.stop();
    await admin.close();
  });

  const get = (path: string) =>
    fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` }, redirect: "manual" });

  it("fails as its tests do, and prints them", () => {
    expect({ status: job.status, stderr: job.stderr }).toEqual({ status: 1, stderr: "" });
    expect(job.stdout).toContain("3 tests, 2 passed, 1 failed");
  });

  it("stores the console log, which is shown as it was printed", async () => {
    const answer = await get(`/raw/robots/${run.name}`);
    expect([answer.status, await answer.text()]).toEqual([200, job.stdout]);
    expect(job.stdout).toContain('Total of the cart "Größe M": 20 != 25');
  });

  it("stores the report, to which a browser is redirected", async () => {
    const link = await get(`/links/robots/${run.name}?title=Robot+report&metric=robot&attempt=1`);
    expect(link.status).toBe(302);
    const page = await fetch(link.headers.get("location") ?? "");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html");
    expect((await page.text()).slice(0, 2_000)).toContain('content="Robot Framework 7.5');
  });

  it("explains the failure on the command line", async () => {
    const main = join(import.meta.dirname, "../../src/main.ts");
    const args = [main, "why", run.name, "-n", "robots", "--server", gateway.url];
    const { stdout } = await tryCommand(process.execPath, args, { env: { TAFFRAIL_TOKEN: token } });
    expect(stdout).toContain('Total of the cart "Größe M": 20 != 25');
    expect(stdout).toContain(`Robot report: ${gateway.url}/links/robots/`);
  });
});
