import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { AnalysisRunLogService, ContainerState, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import type { PodLogOptions } from "../../src/kube/pod-log-path.ts";
import { ANALYSIS_RUNS, PODS } from "../../src/kube/resources.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { type MadePod, podObject, running, terminated, waiting } from "../fakes/pods.ts";
import { type Answer, hangs, sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { as, readLog } from "../integration/read-log.ts";
import { type MadeRun, READER, type RunOptions, TestProject } from "./project.ts";
import { rightsGranted, rightsUsed } from "./rights.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { createGatewayAccount } from "./servers/gateway-account.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { type Kubelet, startKubelet } from "./servers/kubelet.ts";

const NAMESPACE = "warehouse";
const METRIC = "robot";
const ACCOUNT = "with-pods";

/** A log as a kubelet sends it with `timestamps`. */
const timed = (log: string): string => log.replace(/^(?=.)/gm, "2026-01-01T00:00:00.000000000Z ");

describe("pod logs through a real API server", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  let kubelet: Kubelet;
  let project: TestProject;
  let gateway: Gateway;
  let user: string;
  let account: { readonly url: string; readonly ca: string; readonly token: string };
  let runs = 0;

  beforeAll(async () => {
    kubelet = await startKubelet(admin, "node-1");
    project = await TestProject.create(admin, NAMESPACE, inject("store").files);
    await project.addStage("uat");
    user = await project.addUser("reader", READER);
    await createGatewayAccount(admin, ACCOUNT, ["taffrail", "taffrail-pods"]);
    account = { ...kubernetes, token: await admin.createToken("taffrail", ACCOUNT, [API_AUDIENCE]) };
    gateway = await start(account);
  });

  afterAll(async () => {
    await gateway?.server.stop();
    await kubelet?.close();
    await admin.close();
  });

  const start = (access: typeof account) =>
    startGateway({
      folder: inject("folder"),
      config: `
sources:
  - name: pods
    kubernetes: {}
  - name: archive
    http: { url: "${inject("store").url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log" }
`,
      kubernetes: access,
    });

  const addRun = (options: RunOptions = {}) => {
    runs += 1;
    return project.addRun(`uat.run-${runs}`, "uat", [METRIC], options);
  };

  /** Creates a pod on the kubelet's node, and sets the kubelet's answer. */
  async function addPod(
    { uid, jobOf }: MadeRun,
    made: Partial<MadePod>,
    answers: Readonly<Record<string, Answer>> = {},
  ) {
    const spec = { nodeName: kubelet.node };
    const pod = podObject({ namespace: NAMESPACE, uid, job: jobOf(METRIC), spec, ...made });
    await admin.create(pod);
    const ref = { namespace: NAMESPACE, name: pod.metadata.name };
    for (const [container, answer] of Object.entries(answers)) kubelet.answer(ref, container, answer);
    return ref;
  }

  /** Deletes a pod at once: there is no kubelet to terminate it. */
  const removePod = (pod: { readonly name: string }) =>
    admin.request("DELETE", `/api/v1/namespaces/${NAMESPACE}/pods/${pod.name}?gracePeriodSeconds=0`);

  const read = (run: MadeRun, signal?: AbortSignal, baseUrl = gateway.url) =>
    readLog(
      createGrpcTransport({ baseUrl }),
      { namespace: NAMESPACE, name: run.name },
      { ...as(user), ...(signal && { signal }) },
    );

  it("sends the log of a running container", async () => {
    const run = await addRun({ phase: "Running" });
    const text = "step 1: ok\nstep 2: Größe 0\n";
    const pod = await addPod(run, {}, { main: sends(timed(text)) });
    const log = await read(run);
    expect(log).toMatchObject({ text, origin: { source: "pods", live: true, podName: pod.name, previous: false } });
    expect(log.end?.reason).toBe(EndReason.CAUGHT_UP);
    expect(kubelet.asked).toContain(`/containerLogs/${NAMESPACE}/${pod.name}/main?timestamps=true`);
  });

  it("sends the previous log where a container waits to be restarted", async () => {
    const run = await addRun({ phase: "Running" });
    const crashing = { spec: { nodeName: kubelet.node, restartPolicy: "OnFailure" } };
    const pod = await addPod(
      run,
      { ...crashing, containers: { main: waiting("CrashLoopBackOff", 2) } },
      { main: sends(timed("before\n")) },
    );
    expect(await read(run)).toMatchObject({ text: "before\n", origin: { previous: true } });
    expect(kubelet.asked).toContain(`/containerLogs/${NAMESPACE}/${pod.name}/main?previous=true&timestamps=true`);
  });

  it("sends the log of the init container that failed", async () => {
    const run = await addRun({ phase: "Running", initContainers: ["seed"] });
    const pod = await addPod(
      run,
      {
        phase: "Failed",
        initContainers: { seed: terminated(1) },
        containers: { main: waiting("PodInitializing") },
      },
      { seed: sends(timed("no database\n")) },
    );
    expect(await read(run)).toMatchObject({ text: "no database\n", origin: { containerName: "seed" } });
    const client = createClient(AnalysisRunLogService, createGrpcTransport({ baseUrl: gateway.url }));
    const { analysisRun } = await client.getAnalysisRun({ namespace: NAMESPACE, name: run.name }, as(user));
    expect(analysisRun?.metrics[0]?.attempts[0]?.pods).toMatchObject([
      {
        name: pod.name,
        phase: "Failed",
        containers: [
          { name: "seed", init: true, state: ContainerState.TERMINATED, exitCode: 1 },
          { name: "main", init: false, state: ContainerState.WAITING, reason: "PodInitializing" },
        ],
      },
    ]);
  });

  it("says that a waiting container has no log yet, whoever reports that", async () => {
    const waits = await addRun({ phase: "Running" });
    await addPod(waits, { phase: "Pending", containers: { main: waiting("ImagePullBackOff") } });
    const error = (await read(waits)).error;
    expect(error).toMatchObject({ code: "FailedPrecondition", reason: "LOG_NOT_YET" });
    expect(error?.message).toContain("the container waits to be started (ImagePullBackOff)");

    const asked = await addRun({ phase: "Running" });
    await addPod(
      asked,
      {},
      { main: (response) => response.writeHead(400).end('container "main" is waiting to start: X') },
    );
    expect((await read(asked)).error).toMatchObject({ code: "FailedPrecondition", reason: "LOG_NOT_YET" });
  });

  it("says why a pod is not scheduled", async () => {
    const run = await addRun({ phase: "Running" });
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }];
    await addPod(run, { phase: "Pending", spec: {}, containers: { main: undefined }, status: { conditions } });
    expect((await read(run)).error?.message).toContain("the container waits to be started (Unschedulable)");
  });

  it("sends no log of a foreign pod, even if it is named as the run's", async () => {
    const run = await addRun({ phase: "Running" });
    const other = await addRun({ phase: "Running" });
    const secret = { main: sends("somebody else's\n") };
    const unlabelled = await addPod(run, { suffix: "nolab", uid: other.uid }, secret);
    const labelled = await addPod(run, { suffix: "njobs", job: other.jobOf(METRIC) }, secret);
    for (const podName of [undefined, unlabelled.name, labelled.name]) {
      const ref = { namespace: NAMESPACE, name: run.name, ...(podName !== undefined && { podName }) };
      const { text, error } = await readLog(createGrpcTransport({ baseUrl: gateway.url }), ref, as(user));
      expect([text, error?.code]).toEqual(["", "NotFound"]);
    }
    for (const { name } of [unlabelled, labelled]) {
      expect(kubelet.asked.filter((path) => path.includes(name))).toEqual([]);
    }
  });

  it("merges the logs of all pods of an Indexed Job, and takes in one that comes later", async () => {
    const run = await addRun({ phase: "Running" });
    const line = (second: number, text: string) => `2026-01-01T00:00:0${second}.000000000Z ${text}\n`;
    const says = (...lines: readonly string[]) => ({ main: sends(lines.join("")) });
    const ended = (index: number) => ({ index, phase: "Succeeded", containers: { main: terminated(0) } });
    await addPod(run, { suffix: "0-aaaaa", ...ended(0) }, says(line(1, "one of 0"), line(4, "four of 0")));
    await addPod(run, { suffix: "1-bbbbb", ...ended(1) }, says(line(2, "two of 1"), line(5, "five of 1")));
    const client = createClient(AnalysisRunLogService, createGrpcTransport({ baseUrl: gateway.url }));
    const request = { namespace: NAMESPACE, name: run.name, allPods: true };
    const stop = new AbortController();
    const followed: string[] = [];
    const follow = (async () => {
      const stream = client.getAnalysisRunLogs({ ...request, follow: true }, { ...as(user), signal: stop.signal });
      for await (const { chunk, podName, completionIndex } of stream) {
        if (chunk !== "") followed.push(`${podName.slice(-7)} ${completionIndex}: ${chunk}`);
        if (chunk === "five of 1\n") {
          await addPod(run, { suffix: "2-ccccc", ...ended(2) }, says(line(3, "three of 2"), line(6, "six of 2")));
        }
        if (followed.length === 5) return;
      }
    })();
    await follow;
    stop.abort();
    expect(followed).toEqual([
      "0-aaaaa 0: one of 0\n",
      "1-bbbbb 1: two of 1\n",
      "0-aaaaa 0: four of 0\n",
      "1-bbbbb 1: five of 1\n",
      "2-ccccc 2: three of 2\nsix of 2\n",
    ]);
    const { text, origin } = await readLog(createGrpcTransport({ baseUrl: gateway.url }), request, as(user));
    expect(text).toBe("one of 0\ntwo of 1\nthree of 2\nfour of 0\nfive of 1\nsix of 2\n");
    expect(origin?.podNames.length).toBe(3);
  });

  it("sends the stored log once the pod is gone", async () => {
    const run = await addRun();
    const pod = await addPod(
      run,
      { phase: "Failed", containers: { main: terminated(1) } },
      { main: sends(timed("live\n")) },
    );
    const live = await read(run);
    expect(live).toMatchObject({ text: "live\n", origin: { source: "pods" } });
    // The API server would not report that the kubelet broke off: see below.
    expect(live.end?.reason).toBe(EndReason.SOURCE_ENDED);

    expect((await removePod(pod)).status).toBe(200);
    expect((await read(run)).error).toMatchObject({ code: "NotFound", reason: "LOG_NOT_FOUND" });
    await project.storeLog(run.jobOf(METRIC), "stored\n");
    const stored = await read(run);
    expect(stored).toMatchObject({ text: "stored\n", origin: { source: "archive", podName: "" } });
    expect(stored.end?.reason).toBe(EndReason.COMPLETE);
  });

  it("never says COMPLETE where the kubelet broke off: the API server ends the response properly", async () => {
    const run = await addRun();
    const breaksOff: Answer = (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write(timed("half\n"), () => response.socket?.destroy());
    };
    await addPod(run, { phase: "Failed", containers: { main: terminated(1) } }, { main: breaksOff });
    const { text, end } = await read(run);
    expect(text).toBe("half\n");
    expect(end?.reason).toBe(EndReason.SOURCE_ENDED);
  });

  it("fails at once when the connection to the API server breaks in the middle of the log", async () => {
    const begun = Promise.withResolvers<void>();
    const run = await addRun({ phase: "Running" });
    const half = "half of it\n".repeat(10_000);
    await addPod(run, {}, { main: sendsThenHangs(timed(half)) });
    const proxy = await startCuttingProxy(Number(new URL(kubernetes.url).port), []);
    const other = await start({ ...account, url: `https://127.0.0.1:${proxy.port}` });
    try {
      const client = createClient(AnalysisRunLogService, createGrpcTransport({ baseUrl: other.url }));
      const stream = client.getAnalysisRunLogs({ namespace: NAMESPACE, name: run.name }, as(user));
      const reading = (async () => {
        let text = "";
        let end: EndReason | undefined;
        try {
          for await (const { chunk, event } of stream) {
            text += chunk;
            if (text !== "") begun.resolve();
            if (event.case === "end") end = event.value.reason;
          }
        } catch (error) {
          return { text, end, error };
        }
        return { text, end, error: undefined };
      })();
      await begun.promise;
      await proxy.close();
      const { text, end, error } = await reading;
      expect(half.startsWith(text)).toBe(true);
      expect(end).toBe(EndReason.SOURCE_FAILED);
      expect(error).toMatchObject({ rawMessage: expect.stringContaining("incomplete") });
    } finally {
      await other.server.stop();
    }
  });

  it("closes the kubelet's connection when the caller leaves", async () => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const run = await addRun({ phase: "Running" });
    await addPod(
      run,
      {},
      {
        main: (response, request) => {
          response.once("close", ended.resolve);
          hangs(response, request);
          begun.resolve();
        },
      },
    );
    const leave = new AbortController();
    const reading = read(run, leave.signal);
    await begun.promise;
    leave.abort();
    expect((await reading).error?.code).toBe("Canceled");
    await ended.promise;
  });

  it("blames the cluster where no kubelet answers, without its address", async () => {
    const gone = await startKubelet(admin, "node-2");
    await gone.close();
    const run = await addRun({ phase: "Running" });
    await addPod(run, { spec: { nodeName: "node-2" }, containers: { main: running() } });
    const { error } = await read(run);
    expect(error).toMatchObject({ code: "Unavailable", reason: "SOURCE_UNAVAILABLE" });
    expect(error?.whole).not.toMatch(/127\.0\.0|https?:|node-2|dial/);
    // The log line arrives through another pipe, possibly after the response.
    const { server } = gateway;
    await server.waitFor(() => server.output.includes("connect: connection refused") || undefined);
  });

  describe("with options", () => {
    const lines = [1, 2, 3].map((second) => `2026-01-01T00:00:0${second}.000000000Z line ${second}\n`);
    const ask = async (
      options: PodLogOptions,
      answer: Answer,
    ): Promise<{ status: number; text: string; url: string }> => {
      const kube = createKubeApi({
        server: kubernetes.url,
        credentials: async () => ({ headers: { authorization: `Bearer ${account.token}` }, tls: { ca: account.ca } }),
      });
      const pod = await addPod(await addRun({ phase: "Running" }), {}, { main: answer });
      const container = { ...pod, container: "main", previous: false };
      const { status, body } = await kube.openPodLog(container, options, new AbortController().signal);
      let text = "";
      for await (const piece of body) text += piece;
      await kube.close();
      return { status, text, url: kubelet.asked.at(-1)?.split("?")[1] ?? "" };
    };

    it("passes each of them to the kubelet", async () => {
      const options = { follow: true, timestamps: true, tailLines: 2, sinceTime: "2026-01-01T00:00:02Z" };
      const { status, text, url } = await ask(options, sends(lines.slice(1).join("")));
      expect({ status, text }).toEqual({ status: 200, text: lines.slice(1).join("") });
      expect(Object.fromEntries(new URLSearchParams(url))).toEqual({
        follow: "true",
        timestamps: "true",
        tailLines: "2",
        sinceTime: "2026-01-01T00:00:02Z",
      });
    });

    it("sends each line as it comes", async () => {
      const kube = createKubeApi({
        server: kubernetes.url,
        credentials: async () => ({ headers: { authorization: `Bearer ${account.token}` }, tls: { ca: account.ca } }),
      });
      const say = Promise.withResolvers<(text: string) => void>();
      const closed = Promise.withResolvers<void>();
      const pod = await addPod(
        await addRun({ phase: "Running" }),
        {},
        {
          main: (response) => {
            response.once("close", closed.resolve);
            response.writeHead(200).flushHeaders();
            say.resolve((text) => response.write(text));
          },
        },
      );
      const container = { ...pod, container: "main", previous: false };
      const leave = new AbortController();
      const { body } = await kube.openPodLog(container, { follow: true, timestamps: true }, leave.signal);
      const pieces = body[Symbol.asyncIterator]();
      const write = await say.promise;
      for (const line of lines) {
        write(line);
        expect(String((await pieces.next()).value)).toBe(line);
      }
      leave.abort();
      await closed.promise;
      await pieces.next().catch(() => undefined);
      await kube.close();
    });
  });

  it("may watch runs and pods", async () => {
    const kube = createKubeApi({
      server: kubernetes.url,
      credentials: async () => ({ headers: { authorization: `Bearer ${account.token}` }, tls: { ca: account.ca } }),
    });
    const run = await addRun({ phase: "Running" });
    const leave = new AbortController();
    const labelSelector = `analysisrun.argoproj.io/uid=${run.uid}`;
    const pods = kube.watch(PODS, NAMESPACE, { labelSelector }, leave.signal)[Symbol.asyncIterator]();
    expect((await pods.next()).value).toEqual([]);
    const pod = await addPod(run, {}, { main: sends("") });
    expect((await pods.next()).value).toMatchObject([{ metadata: { name: pod.name } }]);
    const runsOfName = kube.watch(ANALYSIS_RUNS, NAMESPACE, { name: run.name }, leave.signal)[Symbol.asyncIterator]();
    await runsOfName.next();
    await admin.request("DELETE", `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/analysisruns/${run.name}`);
    expect((await runsOfName.next()).value).toEqual([]);
    leave.abort();
    await kube.close();
  });

  // Runs last: it checks everything that the gateways did.
  it("needs exactly the permissions of the two roles in deploy/", async () => {
    const client = createClient(AnalysisRunLogService, createGrpcTransport({ baseUrl: gateway.url }));
    await client.listProjects({}, as(user));
    await client.listAnalysisRuns({ namespace: NAMESPACE }, as(user));
    const { used, refused } = await rightsUsed(kubernetes.auditLog, `system:serviceaccount:taffrail:${ACCOUNT}`);
    expect(refused).toEqual([]);
    expect(used).toEqual(await rightsGranted("cluster-role.yaml", "cluster-role-pods.yaml"));
  });
});
