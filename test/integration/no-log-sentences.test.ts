import { createClient } from "@connectrpc/connect";
import { afterAll, expect, it } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { describeError } from "../../src/client/describe-error.ts";
import { sourceWords } from "../../src/ui/run/source-words.ts";
import { en, type Text } from "../../src/ui/text/en.ts";
import { zh } from "../../src/ui/text/zh.ts";
import { type HostileStore, startHostileStore } from "../fakes/hostile-store.ts";
import { type MadePod, terminated, waiting } from "../fakes/pods.ts";
import { TOKENS } from "./objects.ts";
import { says } from "./pod-world.ts";
import { as } from "./read-log.ts";
import { useVerdictWorld } from "./verdict-world.ts";

// Each sentence of the page about a source that has no log is provoked here, through the gateway. A sentence without an
// input does not compile.

type NoLog = Text["noLog"];
/** The rest are for answers of other servers, which have no message. */
type Outcome = Exclude<keyof NoLog["outcomes"], "notFound" | "refused" | "unavailable" | "unknown">;
type Sentence = `faults.${keyof NoLog["faults"]}` | `outcomes.${Outcome}`;

const stores: HostileStore[] = [];
afterAll(() => Promise.all(stores.map((store) => store.close())));

/** A source for runs with the metric of this name. */
const source = (name: string, url: string, http: object = {}) => ({
  name,
  match: { metric: name },
  http: { url, ...http },
});

async function sources(): Promise<readonly object[]> {
  const [store, secure] = [await startHostileStore(), await startHostileStore({ tls: true })];
  stores.push(store, secure);
  return [
    source("dns", "http://vault.invalid/log"),
    source("refused", "http://127.0.0.1:1/log"),
    source("closed", `${store.origin}/silent?closed`),
    source("tls", `${secure.origin}/log`),
    source("blocked", "http://169.254.169.254/log"),
    source("not-http", `${store.origin}/not-http`),
    source("redirect", `${store.origin}/moved-elsewhere`),
    source("missing", `${store.origin}/missing`),
    source("forbidden", `${store.origin}/forbidden`),
    source("busy", `${store.origin}/busy`),
    source("page", `${store.origin}/page`),
    source("xml-error", `${store.origin}/xml-error`),
    source("damaged", `${store.origin}/gzip-damaged`),
    source("silent", `${store.origin}/silent`, { timeouts: { headers: "50ms" } }),
    source("no-rollout", `${store.origin}/\${{ rollout }}`),
    source("bad-value", `${store.origin}/\${{ arg("suite") }}`),
  ];
}

const { world, put } = useVerdictWorld({ sources: ["pods"], more: sources });

interface Provoked {
  readonly metric?: string;
  /** More of the run's specification. */
  readonly spec?: object;
  /** The phase of the run. Default: it failed. */
  readonly phase?: string;
  readonly pod?: Partial<MadePod>;
  /** What the API server says in place of the pod's log. */
  readonly refusal?: string;
  readonly says: (text: NoLog) => string;
  /** Whether the store closes its connections once it has been asked. */
  readonly closes?: boolean;
}

const PROVOKED: Readonly<Record<Sentence, Provoked>> = {
  "faults.nameNotResolved": { metric: "dns", says: ({ faults }) => faults.nameNotResolved },
  "faults.connectionRefused": { metric: "refused", says: ({ faults }) => faults.connectionRefused },
  "faults.connectionClosed": { metric: "closed", says: ({ faults }) => faults.connectionClosed, closes: true },
  "faults.tls": { metric: "tls", says: ({ faults }) => faults.tls },
  "faults.addressNotAllowed": { metric: "blocked", says: ({ faults }) => faults.addressNotAllowed },
  "faults.notHttp": { metric: "not-http", says: ({ faults }) => faults.notHttp },
  "faults.redirect": { metric: "redirect", says: ({ faults }) => faults.redirect(301) },
  "faults.webPage": { metric: "page", says: ({ faults }) => faults.webPage },
  "faults.errorDocument": { metric: "xml-error", says: ({ faults }) => faults.errorDocument },
  "faults.noPod": { says: ({ faults }) => faults.noPod },
  "faults.logRemoved": {
    pod: { phase: "Failed", containers: { main: terminated(1) } },
    refusal: 'container "main" in pod "x" is terminated',
    says: ({ faults }) => faults.logRemoved,
  },
  "faults.podEnded": {
    pod: { phase: "Failed", status: { reason: "Evicted", message: "" }, containers: { main: undefined } },
    refusal: 'container "main" in pod "x" is terminated',
    says: ({ faults }) => faults.podEnded,
  },
  "faults.neverStarted": {
    pod: { phase: "Pending", containers: { main: waiting("ImagePullBackOff") } },
    says: ({ faults }) => faults.neverStarted,
  },
  "outcomes.notMatched": { metric: "dns", says: ({ outcomes }) => outcomes.notMatched },
  "outcomes.variableMissing": { metric: "no-rollout", says: ({ outcomes }) => outcomes.variableMissing },
  "outcomes.valueRefused": {
    metric: "bad-value",
    spec: { args: [{ name: "suite", value: "../x" }] },
    says: ({ outcomes }) => outcomes.valueRefused,
  },
  "outcomes.notFoundStatus": { metric: "missing", says: ({ outcomes }) => outcomes.notFoundStatus(404) },
  "outcomes.refusedStatus": { metric: "forbidden", says: ({ outcomes }) => outcomes.refusedStatus(403) },
  "outcomes.unavailableStatus": { metric: "busy", says: ({ outcomes }) => outcomes.unavailableStatus(429) },
  "outcomes.damaged": { metric: "damaged", says: ({ outcomes }) => outcomes.damaged },
  "outcomes.silent": { metric: "silent", says: ({ outcomes }) => outcomes.silent },
  "outcomes.notYet": {
    phase: "Running",
    pod: { phase: "Pending", containers: { main: waiting("ImagePullBackOff") } },
    says: ({ outcomes }) => outcomes.notYet,
  },
};

it.each(Object.entries(PROVOKED))("a sentence about a source without the log is provoked: %s", async (_, provoked) => {
  const { metric = "it", phase = "Failed", spec = {}, pod, refusal, says: sentence, closes } = provoked;
  const run = put({ phase, spec, metrics: [{ name: metric, phase }] }, false);
  if (pod !== undefined) world().addPod(run, pod, refusal === undefined ? undefined : says(400, refusal));
  const client = createClient(AnalysisRunLogService, world().transport);
  const reading = (async () => {
    for await (const _message of client.getAnalysisRunLogs({ namespace: "shop", name: run.name }, as(TOKENS.reader)));
  })();
  if (closes) {
    await stores[0]?.asked();
    while ((stores[0]?.requests ?? []).every((each) => !each.includes("?closed"))) await new Promise(setImmediate);
    stores[0]?.end();
  }
  const error: unknown = await reading.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  const chain = describeError(error).sources;
  for (const text of [en, zh])
    expect(chain.map((each) => sourceWords(each, text)).join("\n")).toContain(sentence(text.noLog));
});
