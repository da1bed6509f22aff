import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { resolveServer } from "./programs/resolve.ts";
import { type MadeRun, READER, TestProject } from "./project.ts";
import { runCommand, tryCommand } from "./run-command.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const SERVICE = "taffrail.v1.AnalysisRunLogService";
const LOG = "first line\nsecond line: Größe\n";

describe("grpcurl with reflection alone", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  let grpcurl: string;
  let gateway: Gateway;
  let run: MadeRun;
  let token: string;

  beforeAll(async () => {
    grpcurl = (await resolveServer("grpcurl")).path;
    gateway = await startGateway({
      folder: inject("folder"),
      config: `
sources:
  - name: archive
    http: { url: "${inject("store").url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log" }
`,
      kubernetes: { ...kubernetes, token: await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]) },
    });
    const project = await TestProject.create(admin, "grpcurl", inject("store").files);
    await project.addStage("uat");
    run = await project.addRun("uat.first", "uat", ["kept", "lost"]);
    await project.storeLog(run.jobOf("kept"), LOG);
    token = await project.addUser("reader", READER);
  });

  afterAll(async () => {
    await gateway?.server.stop();
    await admin.close();
  });

  const address = () => new URL(gateway.url).host;

  function call(method: string, request: object) {
    const header = `authorization: Bearer ${token}`;
    return tryCommand(grpcurl, ["-plaintext", "-H", header, "-d", JSON.stringify(request), address(), method]);
  }

  it("lists the services and the methods", async () => {
    const services = (await runCommand(grpcurl, ["-plaintext", address(), "list"])).split("\n");
    expect(services).toEqual(
      expect.arrayContaining([SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"]),
    );
    const methods = (await runCommand(grpcurl, ["-plaintext", address(), "list", SERVICE])).trim().split("\n");
    expect(methods).toContain(`${SERVICE}.GetAnalysisRunLogs`);
  });

  it("describes a method and a message", async () => {
    const method = await runCommand(grpcurl, ["-plaintext", address(), "describe", `${SERVICE}.GetAnalysisRunLogs`]);
    expect(method).toContain("returns ( stream .taffrail.v1.GetAnalysisRunLogsResponse )");
    const message = await runCommand(grpcurl, [
      "-plaintext",
      address(),
      "describe",
      "taffrail.v1.GetAnalysisRunLogsResponse",
    ]);
    expect(message).toContain("string chunk = 1;");
  });

  it("prints a log", async () => {
    const { status, stdout, stderr } = await call(`${SERVICE}/GetAnalysisRunLogs`, {
      namespace: "grpcurl",
      name: run.name,
      metricName: "kept",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const messages = stdout.split(/\n(?=\{)/).map((text) => JSON.parse(text));
    expect(messages.map(({ chunk }) => chunk ?? "").join("")).toBe(LOG);
    expect(messages.at(0).origin).toMatchObject({ metricName: "kept", attempt: 1, source: "archive" });
    expect(messages.at(-1).end).toMatchObject({ reason: "END_REASON_COMPLETE", lines: "2" });
  });

  it("prints the typed details of a missing log", async () => {
    const { status, stderr } = await call(`${SERVICE}/GetAnalysisRunLogs`, {
      namespace: "grpcurl",
      name: run.name,
      metricName: "lost",
    });
    // grpcurl's exit status is 64 plus the code.
    expect(status).toBe(64 + 5);
    expect(stderr).toContain("Code: NotFound");
    const details = stderr.split(/^ {2}\d+\)\t/m).slice(1);
    expect(details.map((text) => JSON.parse(text))).toMatchObject([
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", domain: "taffrail", reason: "LOG_NOT_FOUND" },
      {
        "@type": "type.googleapis.com/taffrail.v1.SourceChain",
        attempts: [{ source: "archive", outcome: "SOURCE_OUTCOME_NOT_FOUND", httpStatus: 404 }],
      },
    ]);
    expect(stderr).not.toContain(inject("store").url);
  });

  it("calls v1alpha reflection and health", async () => {
    const reflection = await call("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {
      listServices: "",
    });
    expect(JSON.parse(reflection.stdout).listServicesResponse.service).toContainEqual({ name: SERVICE });
    const health = await call("grpc.health.v1.Health/Check", {});
    expect(JSON.parse(health.stdout)).toEqual({ status: "SERVING" });
  });
});
