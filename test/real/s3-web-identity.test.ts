import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { buildProgram } from "../../build-program.ts";
import { type MadeRun, READER, TestProject } from "./project.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { type Moto, startMoto } from "./servers/moto.ts";

const ROLE = "arn:aws:iam::123456789012:role/taffrail";
const LOG = "first line\nlast line\n";

describe("a bucket with the web identity of a service account", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  const gateways: Gateway[] = [];
  let moto: Moto;
  let run: MadeRun;
  let token: string;
  let start: (env: Readonly<Record<string, string>>, settings?: object) => Promise<Gateway>;

  beforeAll(async () => {
    const folder = inject("folder");
    moto = await startMoto();
    const client = new S3Client({
      endpoint: moto.url,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    await client.send(new CreateBucketCommand({ Bucket: "logs" }));
    await createRole(moto.url, "taffrail", ["s3:GetObject", "s3:ListBucket"]);
    await createRole(moto.url, "nobody", []);
    const project = await TestProject.create(admin, "federated", inject("store").files);
    await project.addStage("uat");
    run = await project.addRun("uat.first", "uat", ["smoke"]);
    token = await project.addUser("reader", READER);
    const put = { Bucket: "logs", Key: `${run.jobOf("smoke")}/1.log`, Body: LOG };
    await client.send(new PutObjectCommand(put));
    client.destroy();
    const file = join(await mkdtemp(join(folder, "web-identity-")), "token");
    await writeFile(file, await admin.createToken("taffrail", "taffrail", ["sts.amazonaws.com"]));
    // As it is published: what is loaded late, such as the SDK, lies in files of its own.
    const built = await mkdtemp(join(folder, "program-"));
    await buildProgram(built);
    start = async (env, settings = {}) => {
      const s3 = { bucket: "logs", endpoint: moto.url, pathStyle: true, prefix: "${{ jobName }}/", ...settings };
      const gateway = await startGateway({
        program: join(built, "main.js"),
        folder,
        config: JSON.stringify({ sources: [{ name: "bucket", s3 }] }),
        kubernetes: { ...kubernetes, token: await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]) },
        // As EKS sets them for a pod whose service account has a role.
        env: {
          AWS_ROLE_ARN: ROLE,
          AWS_WEB_IDENTITY_TOKEN_FILE: file,
          AWS_ENDPOINT_URL_STS: moto.url,
          AWS_EC2_METADATA_DISABLED: "false",
          HOME: folder,
          ...env,
        },
      });
      gateways.push(gateway);
      return gateway;
    };
  });

  afterAll(async () => {
    for (const gateway of gateways) await gateway.server.stop();
    await moto?.server.stop();
    await admin.close();
  });

  const read = async ({ url }: Gateway) => {
    // The request to STS.
    await moto.enforceAfter(1);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/raw/federated/${run.name}?metric=smoke`, { headers });
    return { status: answer.status, text: await answer.text() };
  };

  it("gives the log to a role that may read it", async () => {
    expect(await read(await start({}))).toEqual({ status: 200, text: LOG });
  });

  it("says that a role may not read it", async () => {
    const { status, text } = await read(await start({ AWS_ROLE_ARN: ROLE.replace("taffrail", "nobody") }));
    expect({ status, text }).toMatchObject({
      status: 502,
      text: expect.stringContaining("does not allow this server"),
    });
  });

  it("says that there are no credentials, and asks no metadata service for them", async () => {
    const { status, text } = await read(await start({ AWS_WEB_IDENTITY_TOKEN_FILE: "" }));
    expect({ status, text }).toMatchObject({ status: 502, text: expect.stringContaining("has no AWS credentials") });
  });

  it("asks for credentials only where the egress guard lets it", async () => {
    const { text } = await read(await start({ AWS_ENDPOINT_URL_STS: "http://169.254.169.254" }));
    expect(text).toContain("has an address that the configuration does not allow");
  });
});

/** Creates a role that may do this, by the query API of IAM. */
async function createRole(url: string, name: string, actions: readonly string[]): Promise<void> {
  const policy = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: statement });
  const call = async (parameters: Record<string, string>): Promise<void> => {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/iam/aws4_request, SignedHeaders=, Signature=",
      },
      body: new URLSearchParams({ Version: "2010-05-08", ...parameters }),
    });
    if (!answer.ok) throw new Error(`moto: ${answer.status} ${await answer.text()}`);
  };
  const trust = { Effect: "Allow", Principal: { Federated: "*" }, Action: "sts:AssumeRoleWithWebIdentity" };
  await call({ Action: "CreateRole", RoleName: name, AssumeRolePolicyDocument: policy(trust) });
  if (actions.length === 0) return;
  const statement = { Effect: "Allow", Action: actions, Resource: "*" };
  await call({ Action: "PutRolePolicy", RoleName: name, PolicyName: "read", PolicyDocument: policy(statement) });
}
