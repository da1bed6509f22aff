import { gzipSync } from "node:zlib";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { startHostileStore } from "../fakes/hostile-store.ts";
import { startLoginProxy } from "../fakes/login-proxy.ts";
import { waiting } from "../fakes/pods.ts";
import { hangs, refuses, sends, sendsThenHangs, sendsThenResets } from "../fakes/scripted-store.ts";
import { clusterObjects, TOKENS } from "../integration/objects.ts";
import { signIn } from "./browser.ts";
import type { RunState } from "./run-object.ts";
import { addressOf, archive, CONTACT, RETENTION_DAYS, type StateRun, type StatesWorld } from "./states-world.ts";

/** The means for provoking a state. */
export interface Scene extends StatesWorld {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Opens a page of the gateway of a configuration. */
  open(path: string, config?: object): Promise<void>;
  /** Called after the state has been checked. */
  afterwards(act: () => unknown): void;
}

/** A state of the page. */
export interface State {
  /** Its name, also in the names of its screenshots. */
  readonly name: string;
  /** How it comes about. */
  readonly act: string;
  /** Provokes it. May return a function that checks what happens afterwards. */
  readonly provoke: (scene: Scene) => Promise<unknown>;
  /** Its texts: what, why, and what to do next. */
  readonly says: readonly (string | RegExp)[];
  /** Texts that it must not have. */
  readonly never?: RegExp;
  /** Buttons and links that it offers. */
  readonly offers?: readonly string[];
  /** Errors of the page that belong to it. */
  readonly faults?: RegExp;
  /** Its own browser context, and the user. */
  readonly own?: BrowserContextOptions & { readonly token?: string };
}

const BEGINNING = "setting up\nrunning 12 checks\n";
const LIVE = { phase: "Running" } as const;
const DAY_MS = 86_400_000;
const RUNS = "/p/shop/runs";
const PODS = { name: "pods", kubernetes: {} };
const AGAIN = "Retry now";
const COPY = "Copy details for your operator";
const REFERENCE = new RegExp(`Tell ${CONTACT}, with the reference [0-9a-f]{8}\\.`);
const IF_IT_STAYS = new RegExp(`If this persists, tell ${CONTACT}, with the reference [0-9a-f]{8}\\.`);
const COUNTDOWN = /Retrying in \d+ s, try 1 of 6\./;
const TRYING = /Retrying, try \d of 8\./;
const NO_LOG = "No log for integration-test, attempt 1, test";

const time = (): string => new Date().toISOString();
const withPods = ({ store }: Scene, more: object = {}) => ({ sources: [PODS, archive(store)], ...more });
const text = ({ page }: Scene, words: string | RegExp) => page.getByText(words).first().waitFor();
const press = ({ page }: Scene, name: string | RegExp) => page.getByRole("button", { name }).click();

/** A finished run, with the store's answer for its log. */
function stored(answer: Parameters<StateRun["stored"]>[0], state?: RunState, config?: (scene: Scene) => object) {
  return (scene: Scene) => scene.open(scene.addRun(state).stored(answer).path, config?.(scene));
}

/** Scrolls to where lines are missing. */
async function findGap(page: Page): Promise<void> {
  let [low, high] = [0, 1];
  while ((await page.getByText("are not kept").count()) === 0) {
    const share = (low + high) / 2;
    const line = await page.evaluate(async (at) => {
      const box = document.querySelector("[role=region]");
      if (box !== null) box.scrollTop = at * (box.scrollHeight - box.clientHeight);
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      return Number(document.querySelector<HTMLElement>("[data-number]")?.dataset.number);
    }, share);
    if (line < LINES / 8) low = share;
    else high = share;
  }
}

/** A run with one attempt in a running pod, which has written the beginning. */
async function live(scene: Scene, config: object = withPods(scene), beginning = BEGINNING) {
  const run = scene.addRun(LIVE);
  const log = run.pod();
  log.append(time(), beginning);
  await scene.open(run.path, config);
  await text(scene, beginning.trimEnd().split("\n").at(-1) ?? "");
  return { run, log };
}

/** A store elsewhere. */
const storeAt = (origin: string) => () => ({
  sources: [{ name: "archive", http: { url: `${origin}/\${{ jobName }}.log` } }],
});

/** A user whose token and access can be revoked. */
const somebody = (username: string) => ({
  token: {
    apiVersion: "demo.taffrail/v1",
    kind: "Token",
    metadata: { name: username },
    token: `token-of-${username}`,
    user: { username },
  },
  binding: {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: username, namespace: "shop" },
    roleRef: { kind: "Role", name: "reader" },
    subjects: [{ kind: "User", name: username }],
  },
});
const forgotten = somebody("forgotten");
const leaver = somebody("leaver");

/** Every state of the page that a failure, or the passing of time, brings about. */
export const STATES: readonly State[] = [
  // ---------------------------------------------------------------- before there is a log
  {
    name: "run-not-started",
    act: "the run is Pending and nothing has been measured; then its job runs",
    async provoke(scene) {
      const run = scene.addRun({ phase: "Pending" });
      await scene.open(run.path, withPods(scene));
      return async () => {
        run.put(LIVE);
        run.pod().append(time(), "it goes on by itself\n");
        await text(scene, "it goes on by itself");
      };
    },
    says: [
      "Verification has not started",
      "The log appears here by itself once its job starts.",
      "Waiting for the log",
      'The metric "integration-test" has not been measured yet.',
      "You need not reload the page",
    ],
  },
  {
    name: "job-pending",
    act: "the cluster cannot pull the image of the job's pod; then it can",
    async provoke(scene) {
      const run = scene.addRun(LIVE);
      run.pod({ phase: "Pending", containers: { test: waiting("ImagePullBackOff") } });
      await scene.open(run.path, withPods(scene));
      return async () => {
        run.pod().append(time(), "the image came\n");
        await text(scene, "the image came");
      };
    },
    says: [
      "Container test is waiting: ImagePullBackOff.",
      "Waiting for the log",
      /could not be pulled \(ImagePullBackOff\)/,
    ],
  },
  {
    name: "loading",
    act: "the store sends the beginning of a finished log, and takes its time",
    provoke: stored(sendsThenHangs(BEGINNING)),
    says: ["running 12 checks", "Loading more", "loading", "2 lines", "29 bytes"],
    never: /The job is still running|following|complete/,
  },
  // ---------------------------------------------------------------- live
  {
    name: "live-following",
    act: "the job runs, and its pod writes",
    async provoke(scene) {
      await live(scene);
    },
    says: ["Verifying: integration-test, attempt 1", "The job is still running", "live", "from pods"],
  },
  {
    name: "live-paused",
    act: "the reader scrolls up in a log that grows",
    async provoke(scene) {
      const { log } = await live(
        scene,
        undefined,
        Array.from({ length: 200 }, (_, at) => `step ${at} of 200\n`).join(""),
      );
      await scene.page.mouse.move(600, 500);
      await scene.page.mouse.wheel(0, -600);
      await scene.page.getByRole("button", { name: "Follow", pressed: false }).waitFor();
      log.append(time(), "ERROR one more\n");
      return async () => {
        await press(scene, /1 new line/);
        await text(scene, "ERROR one more");
      };
    },
    says: [/1 new line, 1 error/],
  },
  {
    name: "source-changed",
    act: "the pod is deleted, and the store goes on at the same line",
    async provoke(scene) {
      const { run } = await live(scene);
      run.stored(sends(`${BEGINNING}ERROR 1 of 12 failed\n`));
      run.put({ endedMs: 0 });
      run.removePod();
    },
    says: ['The log continues in source "archive" at the same position.', "ERROR 1 of 12 failed"],
  },
  {
    name: "pod-evicted",
    act: "the node evicts the pod while its log is followed; the page is loaded again after the run has failed",
    async provoke(scene) {
      const { run } = await live(scene, { sources: [PODS] });
      const status = { reason: "Evicted", message: "The node was low on resource: memory." };
      run.pod({ phase: "Failed", status, containers: { test: undefined } });
      await text(scene, "Kubernetes evicted the pod (Evicted)");
      run.put({ endedMs: 0 });
      return async () => {
        run.put({ endedMs: 2 * 3_600_000 });
        await scene.page.reload();
        await text(scene, "pods: Kubernetes ended the pod, and the log is gone with it");
      };
    },
    says: [
      "running 12 checks",
      "Verification failed: integration-test",
      "Kubernetes evicted the pod of integration-test: the node was low on memory.",
      "Kubernetes evicted the pod (Evicted): The node was low on resource: memory.",
    ],
    never: /never started|exited with/,
  },
  {
    name: "run-deleted",
    act: "the run is deleted while its log is followed",
    async provoke(scene) {
      const { run } = await live(scene);
      run.remove();
      run.removePod();
    },
    says: ["The run was deleted, so the end of its log cannot be determined.", "running 12 checks"],
  },
  {
    name: "connection-lost",
    act: "the browser is offline while a log is followed, and comes back",
    async provoke(scene) {
      // Emulation does not affect open streams: they are cut.
      const proxy = await startCuttingProxy(Number(new URL(await scene.at(withPods(scene))).port), []);
      scene.afterwards(() => proxy.close());
      const { log, run } = await live(scene);
      await scene.page.goto(`http://127.0.0.1:${proxy.port}${run.path}`);
      await text(scene, "running 12 checks");
      await scene.context.setOffline(true);
      scene.afterwards(() => scene.context.setOffline(false));
      proxy.cut();
      return async () => {
        await scene.context.setOffline(false);
        log.append(time(), "back again\n");
        await text(scene, "back again");
      };
    },
    says: ["running 12 checks", /Connection lost\. Lines stay; resuming, try \d of 8\./],
  },
  {
    name: "signed-out",
    act: "the cluster forgets the token of a reader whose log is followed",
    own: { token: forgotten.token.token },
    async provoke(scene) {
      await live(scene, withPods(scene, { follow: { recheck: "100ms" } }));
      scene.cluster.remove(forgotten.token);
    },
    says: ["You are signed out", "What is on the screen stays, and logs resume at the same line.", "running 12 checks"],
    offers: ["Sign in", "Close"],
  },
  {
    name: "right-lost",
    act: "a reader loses the right to the project while its log is followed",
    own: { token: leaver.token.token },
    async provoke(scene) {
      await live(scene, withPods(scene, { follow: { recheck: "100ms" } }));
      scene.cluster.remove(leaver.binding);
    },
    says: [
      "NOT complete: you may no longer read this",
      "the log resumes by itself once you have access again.",
      `Ask ${CONTACT} for access`,
      "running 12 checks",
    ],
    offers: ["Resume", COPY],
  },
  // ---------------------------------------------------------------- ends of a log
  {
    name: "complete",
    act: "the store sends the whole log of a job that failed",
    provoke: stored(sends(`${BEGINNING}ERROR checkout: got 503, want 200\nafter it\n`)),
    says: ["ERROR checkout: got 503, want 200", "the only error", "End of the log: complete", "4 lines"],
  },
  {
    name: "truncated",
    act: "the store breaks off in mid-log, again and again",
    provoke: stored(sendsThenResets(BEGINNING)),
    says: ["running 12 checks", /Connection lost\. Lines stay; resuming, try \d of 8\./],
    never: /complete/,
  },
  {
    name: "damaged",
    act: "the stored log is damaged behind its first lines",
    provoke: stored(sends(Buffer.concat([gzipSync(BEGINNING), Buffer.from("no gzip")]))),
    says: ["running 12 checks", /The stored log is damaged from line \d+ on/, REFERENCE],
    offers: [COPY],
    never: /Resume|nothing is missing|: complete/,
  },
  {
    name: "empty-log",
    act: "the store answers 200 with 0 bytes",
    provoke: stored(sends("")),
    says: ["The container wrote no output", "The log exists but is empty", "an exit code, or a message", /^0 lines$/],
    never: /No log for/,
  },
  {
    name: "one-byte-log",
    act: "the store answers 200 with 1 byte",
    provoke: stored(sends("x")),
    says: ["End of the log: complete", "1 byte"],
  },
  {
    name: "too-large",
    act: "the log is longer than the server sends of one (limits.logBytes)",
    provoke: stored(sends("a line of the log\n".repeat(10_000)), undefined, () => ({ limits: { logBytes: "64KiB" } })),
    says: [
      "NOT complete: a server limit was reached",
      "This server limits how much of one log it sends: this is the beginning.",
      REFERENCE,
      "a line of the log",
    ],
    offers: [COPY],
  },
  {
    name: "memory-bound",
    act: "the log is longer than a phone keeps",
    own: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    async provoke(scene) {
      await stored((response) => {
        response.writeHead(200, { "content-type": "text/plain", "content-length": LINE.length * LINES });
        const block = Buffer.from(LINE.repeat(LINES / 100));
        for (let at = 0; at < 100; at += 1) response.write(block);
        response.end();
      })(scene);
      // This takes long on a busy machine.
      await scene.page.getByText("End of the log: complete").waitFor({ timeout: 90_000 });
      await findGap(scene.page);
    },
    says: [/[\d,]+ lines are not kept, to save memory on this device\. The download has them all\./],
  },
  // ---------------------------------------------------------------- responses that are not logs
  {
    name: "web-page",
    act: "the store answers 200 with a login page",
    async provoke(scene) {
      const page = "<!doctype html>\n<title>Sign in</title>\n<script>alert(1)</script>\n";
      await stored(sends(page, { "content-type": "text/html" }))(scene);
      return async () => {
        await press(scene, "Show it anyway");
        await text(scene, "<script>alert(1)</script>");
      };
    },
    says: [NO_LOG, /possibly a login or error page/, /answered with a web page instead of a log/, REFERENCE],
    offers: [AGAIN, "Show it anyway", COPY],
  },
  {
    name: "error-document",
    act: "the store answers 200 with an error in JSON",
    provoke: stored(sends('{"error": "no such bucket"}', { "content-type": "application/json" })),
    says: [NO_LOG, /answered with an error, in XML or JSON, instead of the log/, REFERENCE],
    offers: [AGAIN, "Show it anyway", COPY],
  },
  {
    name: "json-answer",
    act: "the store answers 200 with a JSON document",
    provoke: stored(sends('{"passed": 3}', { "content-type": "application/json" })),
    says: ["This looks like a JSON response, not a log", /a JSON document instead of the log/, `Tell ${CONTACT}.`],
    offers: [AGAIN, "Show it anyway"],
  },
  {
    name: "binary",
    act: "the log is a program file",
    provoke: stored(sends(Buffer.from("7f454c4602010100000000fffe900a009ce2280a41420a", "hex"))),
    says: [/Some bytes are invalid in the log.s encoding/, "End of the log: complete"],
  },
  {
    name: "other-marks",
    act: "the log has a shell's trace, a diff and headings of a test runner, which look like Buildkite's groups",
    provoke: stored(
      sends(
        "+ main\n++ version\n+++ cat VERSION\n--- expected.json\n+++ actual.json\n@@ -1 +1 @@\n-200\n+503\n" +
          "--- STDERR: shop::refund ---\nnothing of this is folded\n",
      ),
    ),
    says: ["+++ cat VERSION", "--- expected.json", "--- STDERR: shop::refund ---", "nothing of this is folded"],
    never: /\d lines?, /,
  },
  {
    name: "utf-16",
    act: "the log is kept in UTF-16",
    provoke: stored(sends(Buffer.from("\ufeffPrüfung läuft\nERROR: 失败 😀\n", "utf16le"))),
    says: [/The log is stored in UTF-16LE, as .*; it is sent as UTF-8\./, "Prüfung läuft", "ERROR: 失败 😀"],
  },
  // ---------------------------------------------------------------- callers without access
  {
    name: "denied",
    act: "Kubernetes does not let the reader read runs of the project (403 of ours)",
    own: { token: TOKENS.stranger },
    provoke: (scene) => scene.open(scene.addRun().path),
    says: [
      "You may not read the project shop",
      "both look the same on purpose",
      `Ask ${CONTACT} for access, and name the project.`,
    ],
    offers: ["Sign in as another user", COPY],
    never: /No log for|credentials|store/,
  },
  {
    name: "store-401",
    act: "the store answers 401",
    provoke: stored(refuses(401)),
    says: [
      NO_LOG,
      /credentials for the store are wrong/,
      "archive: answered 401: it refused this server's own",
      REFERENCE,
    ],
    offers: [AGAIN, COPY],
    never: /You may not/,
  },
  {
    name: "store-403",
    act: "the store answers 403 (not 403 of ours)",
    provoke: stored(refuses(403)),
    says: [NO_LOG, /Only an operator can fix that/, "archive: answered 403: it refused this", REFERENCE],
    offers: [AGAIN, COPY],
    never: /You may not/,
  },
  // ---------------------------------------------------------------- missing logs
  {
    name: "not-configured",
    act: "the configuration names no sources",
    provoke: stored(hangs, undefined, () => ({ sources: [] })),
    says: ["Logs are not set up here", /an operator has to configure it under sources/, REFERENCE],
    offers: ["Try again", COPY],
  },
  {
    name: "missing-fresh",
    act: "the store answers 404, 40 s after the job's end",
    async provoke(scene) {
      const run = scene.addRun({ endedMs: 40_000 }).stored(refuses(404));
      await scene.open(run.path);
      return async () => {
        run.stored(sends("now it is there\n"));
        await press(scene, AGAIN);
        await text(scene, "now it is there");
      };
    },
    says: [
      NO_LOG,
      /The job ended \d+ sec\. ago\. Stores often receive a log only a minute later\./,
      "archive: answered 404: not uploaded yet, or never",
      COUNTDOWN,
      IF_IT_STAYS,
      'Metric "integration-test" assessed Failed',
    ],
    offers: [AGAIN, COPY],
  },
  {
    name: "missing",
    act: "the store answers 404, two hours after the job's end",
    provoke: stored(refuses(404)),
    says: [NO_LOG, /it was never stored, or it is gone/, "archive: answered 404", REFERENCE],
    offers: [AGAIN, COPY],
    never: /Retrying/,
  },
  {
    name: "past-retention",
    act: "the store answers 404, 20 days after the job's end",
    provoke: stored(refuses(404), { endedMs: 20 * DAY_MS }),
    says: [
      NO_LOG,
      `Logs are kept here for ${RETENTION_DAYS} days, and this job ended before that: the log is gone.`,
      `Ask ${CONTACT} whether it is kept elsewhere for longer.`,
    ],
    offers: [AGAIN, COPY],
  },
  {
    name: "nowhere",
    act: "the pod is gone, the store answers 404, and an earlier attempt has a log",
    async provoke(scene) {
      const attempts = [{ number: 1 }, { number: 2 }];
      const run = scene.addRun({ attempts }).stored(refuses(404), 2).stored(sends("attempt one\n"), 1);
      await scene.open(run.path, withPods(scene));
      return async () => {
        await scene.page.getByRole("link", { name: "See attempt 1" }).click();
        await text(scene, "attempt one");
      };
    },
    says: [
      "No log for integration-test, attempt 2, test",
      "archive: answered 404",
      "pods: the cluster no longer has a pod of this attempt",
    ],
    offers: [AGAIN, "See attempt 1", COPY],
  },
  {
    name: "job-of-others",
    act: "the run's status names a job that is not its own",
    provoke: stored(hangs, { attempts: [{ number: 1, job: "somebody-elses-job" }] }),
    says: ["The run refers to a job that is not its own", "Its log is not shown", REFERENCE],
    offers: [COPY],
  },
  {
    name: "job-never-made",
    act: "the attempt ended before Kubernetes made its job",
    provoke: stored(hangs, {
      phase: "Error",
      attempts: [{ number: 1, job: "", message: 'jobs.batch is forbidden: exceeded quota "jobs"' }],
    }),
    says: ["The job was never created", /there is no pod and no log/, 'exceeded quota "jobs"', "or a quota."],
  },
  {
    name: "no-such-metric",
    act: "the address names a metric that the run does not have",
    provoke: (scene) => scene.open(`${scene.addRun().path}/m/intergation-test`),
    says: ["No log for intergation-test", "The run has no metric of this name.", "Known: integration-test."],
    offers: ["Show the default log"],
  },
  {
    name: "no-such-attempt",
    act: "the address names an attempt that the run does not have",
    provoke: (scene) => scene.open(`${scene.addRun().path}/m/integration-test/a/9`),
    says: ["No log for integration-test, attempt 9", "The run has no such attempt.", "Known: 1."],
    offers: ["See attempt 1"],
  },
  {
    name: "no-such-container",
    act: "the address names a container that the attempt does not have",
    provoke: (scene) => scene.open(`${scene.addRun().path}/m/integration-test/a/1/c/nobody`),
    says: ["No log for integration-test, attempt 1, nobody", "no container of this name", "Known: test."],
  },
  // ---------------------------------------------------------------- failures behind the server
  {
    name: "store-silent",
    act: "the store takes the request and says nothing",
    provoke: stored(hangs, undefined, ({ store }) => ({
      sources: [archive(store, { timeouts: { headers: "50ms" } })],
    })),
    says: [NO_LOG, "The store takes too long to answer.", "archive: did not answer in time", TRYING, IF_IT_STAYS],
    offers: [AGAIN, COPY],
  },
  {
    name: "store-500",
    act: "the store answers 500",
    provoke: stored(refuses(500)),
    says: [
      NO_LOG,
      /or the network to it, is down/,
      "archive: answered 500: it is down or busy",
      COUNTDOWN,
      IF_IT_STAYS,
    ],
    offers: [AGAIN, COPY],
  },
  {
    name: "store-down",
    act: "nobody listens at the store's address",
    provoke: stored(hangs, undefined, storeAt("http://127.0.0.1:1")),
    says: [NO_LOG, "archive: refused the connection: it may be down", COUNTDOWN, IF_IT_STAYS],
    offers: [AGAIN, COPY],
  },
  {
    name: "store-tls",
    act: "the store's certificate is signed by nobody whom the server trusts",
    async provoke(scene) {
      const store = await startHostileStore({ tls: true });
      scene.afterwards(() => store.close());
      await stored(hangs, undefined, storeAt(store.origin))(scene);
    },
    says: [
      NO_LOG,
      /does not trust the store's certificate/,
      /failed TLS: this server does not trust its certificate/,
      REFERENCE,
    ],
    offers: [AGAIN, COPY],
  },
  {
    name: "store-dns",
    act: "the store's host does not resolve",
    provoke: stored(hangs, undefined, storeAt("http://vault.invalid")),
    says: [NO_LOG, "The store's host name cannot be resolved", /could not be resolved \(DNS\)/, IF_IT_STAYS],
    offers: [AGAIN, COPY],
  },
  {
    name: "store-blocked",
    act: "the store's address is the cloud's metadata service",
    provoke: stored(hangs, undefined, storeAt("http://169.254.169.254")),
    says: [NO_LOG, /or an entry under egress\.allow/, "archive: not asked: this server may not connect", REFERENCE],
    offers: [AGAIN, COPY],
    never: /credentials/,
  },
  {
    name: "store-redirects",
    act: "the store answers with a redirect to another host",
    provoke: stored(refuses(302, { location: "http://127.0.0.2:1/vault" })),
    says: [NO_LOG, "archive: answered 302, a redirect: possibly to a login page", REFERENCE],
  },
  {
    name: "cluster-away",
    act: "the Kubernetes API is gone",
    async provoke(scene) {
      const cluster = await startMiniKubernetes({ objects: clusterObjects() });
      const gateway = await scene.start({}, 0, cluster);
      scene.afterwards(() => gateway.stop());
      await scene.page.goto(addressOf(gateway) + RUNS);
      await text(scene, "No runs yet");
      await cluster.close();
      await scene.page.goto(`${addressOf(gateway)}${RUNS}/uat.run`);
    },
    says: ["The cluster does not respond", /come from the Kubernetes API/, COUNTDOWN, IF_IT_STAYS],
    offers: ["Try again", COPY],
  },
  {
    name: "server-fault",
    act: "the run is not one that the server can read",
    async provoke(scene) {
      const metadata = { namespace: "shop", name: "uat.strange" };
      scene.cluster.put({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisRun",
        metadata,
        spec: { metrics: "vault" },
      });
      await scene.open(`${RUNS}/uat.strange`);
    },
    says: ["Something went wrong", "This is a fault in the server.", REFERENCE],
    offers: ["Try again", COPY],
  },
  // ---------------------------------------------------------------- the server itself
  {
    name: "too-many-logs",
    act: "the reader has as many logs open as one person may; then closes one",
    async provoke(scene) {
      const run = scene.addRun().stored(sendsThenHangs(BEGINNING));
      const config = { limits: { streamsPerCaller: 1 } };
      const other = await scene.context.newPage();
      await other.goto((await scene.at(config)) + run.path);
      await other.getByText("running 12 checks").waitFor();
      await scene.open(run.path, config);
      return async () => {
        await other.close();
        await press(scene, "Try again");
        await text(scene, "running 12 checks");
      };
    },
    says: [
      "Too many open logs",
      "You have reached the limit of open logs per user",
      "Close a tab with a log",
      COUNTDOWN,
    ],
    offers: ["Try again"],
  },
  {
    name: "server-away",
    act: "the server stops, and a run is opened that is not loaded; then it is back",
    async provoke(scene) {
      const gateway = await scene.start({});
      const run = scene.addRun().stored(sends("the server is back\n"));
      await scene.page.goto(`${addressOf(gateway)}${run.path}`);
      await text(scene, "the server is back");
      await scene.page.getByRole("link", { name: "shop" }).click();
      await scene.page.getByText(run.name).waitFor();
      void gateway.stop();
      await gateway.stop();
      await scene.page.getByText(run.name).click();
      return async () => {
        await scene.start({}, gateway.address.port);
        await press(scene, "Try again");
        await text(scene, "the server is back");
      };
    },
    says: ["The server cannot be reached", "Your network or the server is down for the moment.", COUNTDOWN],
    offers: ["Try again"],
  },
  {
    name: "part-not-loaded",
    act: "the server stops before the browser has the part of the page that is opened; then it is back",
    async provoke(scene) {
      const gateway = await scene.start({});
      await scene.page.goto(addressOf(gateway));
      await scene.page.getByRole("link", { name: "shop" }).waitFor();
      void gateway.stop();
      await gateway.stop();
      await scene.page.getByRole("link", { name: "shop" }).click();
      return async () => {
        await scene.start({}, gateway.address.port);
        await press(scene, "Try again");
        await text(scene, "Runs of shop");
      };
    },
    says: ["The server cannot be reached", COUNTDOWN],
    offers: ["Try again"],
    never: /crashed/,
    faults: /preload CSS|dynamically imported module/,
  },
  {
    name: "offline",
    act: "the browser has no network, and comes back",
    async provoke(scene) {
      const run = scene.addRun().stored(sends("online again\n"));
      await scene.open(run.path);
      await text(scene, "online again");
      await scene.page.getByRole("link", { name: "shop" }).click();
      await scene.page.getByText(run.name).waitFor();
      await scene.context.setOffline(true);
      scene.afterwards(() => scene.context.setOffline(false));
      await scene.page.getByText(run.name).click();
      return async () => {
        // Without any input.
        await scene.context.setOffline(false);
        await text(scene, "online again");
      };
    },
    says: ["You are offline", "This page resumes by itself once it is back."],
  },
  {
    name: "not-taffrail",
    act: "a proxy answers calls with its login page",
    async provoke(scene) {
      const proxy = await startLoginProxy(await scene.at());
      scene.afterwards(() => proxy.close());
      proxy.wantsLogin = true;
      await scene.page.goto(proxy.url + scene.addRun().path);
    },
    says: ["This does not look like a Taffrail server", /possibly a proxy's login page/, "Reload the page"],
    offers: ["Reload", COPY],
    never: /unsupported content type/,
  },
];

const LINE = `${"all work and no play ".repeat(6)}\n`;
/** More than the 64 MiB of memory on a phone. */
const LINES = 560_000;

/** Opens a browser for a state that needs its own. */
export async function ownContext(world: StatesWorld, { token = TOKENS.reader, ...options }: State["own"] & object) {
  for (const object of [forgotten, leaver].flatMap(Object.values<KubeObject>)) world.cluster.put(object);
  const context = await world.browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-US",
    ...options,
  });
  await signIn(context, await world.at(), token);
  return context;
}
