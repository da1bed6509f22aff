import { spawn } from "node:child_process";
import { createHash, createPrivateKey, sign } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient } from "../../src/client/client.ts";
import { describeError } from "../../src/client/describe-error.ts";
import type { LogEvent } from "../../src/client/log-event.ts";
import type { LogState } from "../../src/client/log-state.ts";
import { systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { type Gateway, startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type MadePod, podName, podObject, running, terminated, waiting } from "../fakes/pods.ts";
import { createScriptedPodLog, type ScriptedPodLog } from "../fakes/scripted-pod-log.ts";
import { resolveServer } from "./programs/resolve.ts";
import { READER, TestProject } from "./project.ts";
import { createGatewayAccount } from "./servers/gateway-account.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { type Kubelet, startKubelet } from "./servers/kubelet.ts";
import { startToxiproxy, type ToxicWay, type Toxiproxy } from "./servers/toxiproxy.ts";
import { answerWritten } from "./servers/written-answer.ts";

const NAMESPACE = "voyage";
const METRIC = "robot";
const ACCOUNT = "following";
const BEGUN = "2026-01-01T00:00:00Z";
const ENDED = "2026-01-01T00:05:00Z";

const time = (second: number): string => new Date(Date.parse(BEGUN) + second * 1_000).toISOString();
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("a followed log with a real API server", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  const closing: (() => Promise<unknown>)[] = [];
  let kubelet: Kubelet;
  let toxiproxy: Toxiproxy;
  let project: TestProject;
  let gateway: Gateway;
  let way: ToxicWay;
  let reader: string;
  let runs = 0;

  beforeAll(async () => {
    kubelet = await startKubelet(admin, "node-of-voyage");
    closing.push(() => kubelet.close());
    toxiproxy = await startToxiproxy();
    closing.push(() => toxiproxy.server.stop());
    project = await TestProject.create(admin, NAMESPACE, inject("store").files);
    await project.addStage("uat");
    reader = await project.addUser("reader", READER);
    await createGatewayAccount(admin, ACCOUNT, ["taffrail", "taffrail-pods"]);
    const token = await admin.createToken("taffrail", ACCOUNT, [API_AUDIENCE]);
    const config = {
      sources: [
        { name: "pods", kubernetes: {} },
        {
          name: "archive",
          http: { url: `${inject("store").url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` },
        },
      ],
      follow: { poll: "100ms", recheck: "500ms" },
      shutdown: { drain: "0ms" },
    };
    gateway = await startGateway({
      compiled: parseConfig(JSON.stringify(config), {
        name: "taffrail.yaml",
        folder: ".",
        env: {},
        clock: systemClock,
      }),
      kube: createKubeApi({
        server: kubernetes.url,
        credentials: async () => ({ headers: { authorization: `Bearer ${token}` }, tls: { ca: kubernetes.ca } }),
      }),
      clock: systemClock,
      log: createLog("trace", { write: () => {} }),
      host: "127.0.0.1",
      port: 0,
      tls: undefined,
    });
    closing.push(() => gateway.stop());
    way = await toxiproxy.open("gateway", gateway.address.port);
  });
  afterEach(() => way.heal());
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
    await admin.close();
  });

  /** A run that was just created, and what Argo Rollouts and a kubelet write about it, step by step. */
  async function addRun() {
    runs += 1;
    const name = `uat.run-${runs}`;
    const runObject = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name, namespace: NAMESPACE, labels: { "kargo.akuity.io/stage": "uat" } },
      spec: {
        metrics: [
          {
            name: METRIC,
            provider: {
              job: { spec: { template: { spec: { containers: [{ name: "main", image: "example.com/tests" }] } } } },
            },
          },
        ],
      },
    };
    const created = await admin.create(runObject);
    const uid = String(created.metadata.uid);
    const job = `${uid}.${METRIC}.1`;
    const log = createScriptedPodLog();
    const written = answerWritten(log);
    const made: MadePod = { namespace: NAMESPACE, uid, job, spec: { nodeName: kubelet.node } };
    const pod = { namespace: NAMESPACE, name: podName(made) };
    const podPath = `/api/v1/namespaces/${NAMESPACE}/pods/${pod.name}`;

    const write = async (phase: string, measured?: string): Promise<void> => {
      const { body } = await admin.request("GET", `${await admin.pathOf(created)}/${name}`);
      const isOver = phase === "Failed";
      const measurement = {
        phase: measured,
        startedAt: BEGUN,
        ...(isOver && { finishedAt: ENDED }),
        metadata: { "job-name": job, "job-namespace": NAMESPACE },
      };
      const result = { name: METRIC, phase: measured, count: isOver ? 1 : 0, measurements: [measurement] };
      const status = {
        phase,
        startedAt: BEGUN,
        ...(isOver && { completedAt: ENDED }),
        ...(measured && { metricResults: [result] }),
      };
      await admin.replace({ ...(body as KubeObject), status });
    };
    const writePod = async (state: Partial<MadePod>): Promise<void> => {
      const { body } = await admin.request("GET", podPath);
      const { status } = podObject({ ...made, ...state });
      const answer = await admin.request("PUT", `${podPath}/status`, { ...(body as object), status });
      if (answer.status !== 200) throw new Error(`${pod.name}: ${JSON.stringify(answer.body)}`);
    };
    kubelet.answer(pod, "main", written.answer);

    return {
      name,
      job,
      log,
      write,
      writePod,
      addPod: (state: Partial<MadePod>) => admin.create(podObject({ ...made, ...state })),
      /** Deletes it at once: there is no kubelet to terminate it. */
      removePod: () => admin.request("DELETE", `${podPath}?gracePeriodSeconds=0`),
      /** Everything is running. */
      begin: async () => {
        await write("Running", "Running");
        await admin.create(podObject(made));
      },
      end: async () => {
        await writePod({ phase: "Failed", containers: { main: terminated(1) } });
        await write("Failed", "Failed");
        written.end();
      },
    };
  }

  const ref = ({ name }: { readonly name: string }) => ({ namespace: NAMESPACE, name });

  /** Follows a log with the client library, with ways to wait for its events. */
  function follow(run: { readonly name: string }, port: number, token: string | (() => string) = reader) {
    const client = createTaffrailClient({ baseUrl: `http://127.0.0.1:${port}`, token });
    const events: LogEvent[] = [];
    const states: LogState[] = [];
    let error: unknown;
    let isDone = false;
    let waiters: (() => void)[] = [];
    const tell = (): void => {
      const told = waiters;
      waiters = [];
      for (const each of told) each();
    };
    const text = (): string =>
      Buffer.concat(events.flatMap((each) => (each.kind === "chunk" ? [each.bytes] : []))).toString();
    const said = (): string =>
      events.flatMap((each) => (each.kind === "notice" ? [each.notice.message] : [])).join("\n");
    const reading = async (): Promise<void> => {
      const onState = (state: LogState): void => {
        states.push(state);
        tell();
      };
      // Enough tries to outlast the faults of a test.
      const resume = { tries: 100, firstMs: 20, mostMs: 100 };
      try {
        for await (const event of client.getAnalysisRunLogs({ ...ref(run), follow: true }, { resume, onState })) {
          events.push(event);
          tell();
        }
      } catch (caught) {
        error = caught;
      }
      isDone = true;
      tell();
    };
    const done = reading();
    const until = async (wanted: string, test: () => boolean): Promise<void> => {
      while (!test()) {
        if (isDone) throw new Error(`It ended before ${wanted}: ${String(error)}`);
        await new Promise<void>((resolve) => waiters.push(resolve));
      }
    };
    return {
      done,
      text,
      events,
      states,
      error: () => error,
      times: () => events.filter(({ kind }) => kind === "resumed").length,
      notices: () => events.flatMap((each) => (each.kind === "notice" ? [each.notice.kind] : [])),
      end: () => events.flatMap((each) => (each.kind === "end" ? [each.end] : []))[0],
      until: (wanted: string) => until(wanted, () => text().includes(wanted)),
      untilSaid: (wanted: string) => until(wanted, () => said().includes(wanted)),
      untilState: (kind: LogState["kind"]) => until(kind, () => states.at(-1)?.kind === kind),
      /** Milliseconds since it began. */
      untilBroken: () => until("its break", () => states.some((each) => each.kind === "waiting")),
    };
  }

  const direct = async (run: { readonly name: string }) => {
    const reading = follow(run, gateway.address.port);
    await reading.done;
    return reading.text();
  };

  /** Writes lines, and waits for each to arrive. */
  async function writeLines(log: ScriptedPodLog, first: number, count: number, until: (line: string) => Promise<void>) {
    for (let index = first; index < first + count; index += 1) {
      const line = `line ${index} Größe ${"x".repeat((index * 37) % 200)}\n`;
      log.append(time(Math.floor(index / 3)), line);
      await until(line);
    }
  }

  it("starts before its run, says what it waits for, and survives every kind of connection trouble", async () => {
    const run = await addRun();
    const reading = follow(run, way.port);
    await reading.untilState("waiting");
    await run.write("Pending");
    await run.write("Running");
    await run.write("Running", "Running");
    await run.addPod({ phase: "Pending", containers: { main: waiting("ContainerCreating") } });
    await reading.untilSaid("is being created");
    await run.writePod({ containers: { main: running() } });
    await writeLines(run.log, 0, 10, reading.until);

    await way.add({ type: "slicer", attributes: { average_size: 7, size_variation: 3, delay: 100 } });
    await way.add({ type: "latency", attributes: { latency: 20, jitter: 10 } });
    await writeLines(run.log, 10, 10, reading.until);
    await way.heal();

    for (let cut = 0; cut < 5; cut += 1) {
      await way.cut();
      run.log.append(time(7 + cut), `while it is cut ${cut}\n`);
      await way.heal();
      await writeLines(run.log, 30 + cut * 3, 3, reading.until);
    }
    // Each connection is closed after this many bytes.
    await way.add({ type: "limit_data", attributes: { bytes: 3_000 } });
    await writeLines(run.log, 60, 20, reading.until);
    await way.heal();
    // Stops all data and then closes the connection, as proxies do with idle connections.
    await way.add({ type: "timeout", attributes: { timeout: 300 } });
    const before = reading.times();
    run.log.append(time(30), "in the silence\n");
    await reading.untilState("waiting");
    await way.heal();
    await reading.until("in the silence\n");
    expect(reading.times()).toBeGreaterThan(before);

    await run.end();
    await reading.done;
    expect(reading.error()).toBeUndefined();
    expect(reading.end()).toMatchObject({ reason: EndReason.COMPLETE, headMissing: false });
    expect(reading.notices().every((kind) => kind === NoticeKind.WAITING)).toBe(true);
    expect(reading.times()).toBeGreaterThan(6);
    expect(sha256(reading.text())).toBe(sha256(await direct(run)));
  });

  it("continues in the archive when the pod is deleted", async () => {
    const run = await addRun();
    await run.begin();
    const reading = follow(run, way.port);
    await writeLines(run.log, 0, 5, reading.until);
    const whole = `${reading.text()}what the shipper still saw\n`;
    await project.storeLog(run.job, whole);
    await run.end();
    await run.removePod();
    run.log.cut("ends");
    await reading.done;
    expect(reading.error()).toBeUndefined();
    expect(reading.text()).toBe(whole);
    expect(reading.end()).toMatchObject({ reason: EndReason.COMPLETE });
    expect(sha256(await direct(run))).toBe(sha256(whole));
  });

  it("ends when its caller's role is revoked or the account is deleted", async () => {
    const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/rolebindings/revoked`;
    for (const [name, take, reason, told] of [
      ["revoked", path, EndReason.AUTHORIZATION_LOST, "AUTHORIZATION_LOST"],
      ["leaver", `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/leaver`, EndReason.TOKEN_EXPIRED, "TOKEN_EXPIRED"],
    ] as const) {
      const token = await project.addUser(name, READER);
      const run = await addRun();
      await run.begin();
      const reading = follow(run, way.port, token);
      await writeLines(run.log, 0, 3, reading.until);
      expect((await admin.request("DELETE", take)).status).toBe(200);
      await reading.done;
      expect(reading.end()).toMatchObject({ reason, lines: 3n });
      expect(describeError(reading.error()).reason).toBe(told);
    }
  });

  it("ends when its token expires, and resumes with a new one", async () => {
    const short = (): string => signAgain(reader, kubernetes.accountKey, { exp: Math.floor(Date.now() / 1_000) + 3 });
    const run = await addRun();
    await run.begin();
    const ending = follow(run, way.port, short());
    const going = follow(run, way.port, short);
    await writeLines(run.log, 0, 3, async (line) => {
      await Promise.all([ending.until(line), going.until(line)]);
    });
    await ending.done;
    expect(ending.end()).toMatchObject({ reason: EndReason.TOKEN_EXPIRED, lines: 3n });
    expect(describeError(ending.error()).reason).toBe("TOKEN_EXPIRED");
    await going.untilBroken();
    await writeLines(run.log, 3, 3, going.until);
    await run.end();
    await going.done;
    expect(going.error()).toBeUndefined();
    expect(going.times()).toBeGreaterThan(0);
    expect(sha256(going.text())).toBe(sha256(await direct(run)));
  });

  it("works with grpcurl", async () => {
    const { path } = await resolveServer("grpcurl");
    const run = await addRun();
    await run.begin();
    const address = `127.0.0.1:${gateway.address.port}`;
    const method = "taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs";
    const request = JSON.stringify({ ...ref(run), follow: true });
    const header = `authorization: Bearer ${reader}`;
    const child = spawn(path, ["-plaintext", "-H", header, "-d", request, address, method]);
    let printed = "";
    const until = async (wanted: string): Promise<void> => {
      while (!printed.includes(wanted)) await new Promise((resolve) => child.stdout.once("data", resolve));
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    await writeLines(run.log, 0, 3, (line) => until(JSON.stringify(line).slice(1, -1)));
    await run.end();
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect([status, printed]).toEqual([0, expect.stringContaining('"reason": "END_REASON_COMPLETE"')]);
  });
});

/** The token with other claims, signed with the API server's own key. */
function signAgain(token: string, key: string, change: object): string {
  const [head, body] = token.split(".");
  const claims = JSON.parse(Buffer.from(body ?? "", "base64url").toString()) as object;
  const text = `${head}.${Buffer.from(JSON.stringify({ ...claims, ...change })).toString("base64url")}`;
  return `${text}.${sign("sha256", Buffer.from(text), createPrivateKey(key)).toString("base64url")}`;
}
