import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { DEMO_CLUSTER } from "../../src/demo/config.ts";
import { STORE_TOKEN } from "../../src/demo/log-store.ts";
import type { MiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { type KubeObject, loadObjects } from "../../src/demo/objects.ts";
import { startDemoServers } from "../../src/demo/servers.ts";
import { type CliOptions, type CliResult, runInProcess } from "../fakes/cli.ts";
import { plant } from "../planted/search.ts";

const RBAC = "rbac.authorization.k8s.io/v1";

/** The people of the world, and what they may do in the project guestbook. Nobody may do anything elsewhere. */
export const PEOPLE = {
  /** Everything that a developer may. */
  anna: ["analysisruns", "stages", "freights", "pods", "pods/log", "configmaps"],
  /** Runs and Stages: nothing of the pods. */
  podless: ["analysisruns", "stages", "configmaps"],
  /** Runs and pods, but not the Stage. */
  stageless: ["analysisruns", "pods", "pods/log"],
  /** Lists pods, and may not read their logs. */
  logless: ["analysisruns", "stages", "pods"],
  /** Loses every right in a test. */
  leaver: ["analysisruns", "stages", "pods", "pods/log"],
  outsider: [],
} as const;
export type Person = keyof typeof PEOPLE;

/** A cluster with nothing installed, a store of logs, and the home folder of a user. */
export interface LocalWorld {
  readonly cluster: MiniKubernetes;
  /** The address of the store. */
  readonly store: string;
  /** A folder for files of a test. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes a kubeconfig whose current context is of this person, and returns its path. */
  kubeconfig(
    person: Person,
    more?: { readonly user?: object; readonly cluster?: object; readonly namespace?: string },
  ): string;
  /** Writes a configuration with the store as its only source, and returns its path. */
  storeConfig(): string;
  /** The text of that configuration. */
  storeText(more?: object): string;
  run(person: Person, args: readonly string[], options?: CliOptions): Promise<CliResult>;
  close(): Promise<void>;
}

/** Starts the world. */
export async function startLocalWorld(): Promise<LocalWorld> {
  const now = new Date();
  const folder = mkdtempSync(join(tmpdir(), "taffrail-local-"));
  const people = Object.entries(PEOPLE).flatMap(([name, resources]) => personObjects(name, resources));
  const objects = [...loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), now), ...people];
  const servers = await startDemoServers({ objects, now });
  const env = {
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_STATE_HOME: join(folder, "state"),
    HOME: folder,
    STORE_TOKEN,
  };
  let files = 0;
  const write = (name: string, text: string): string => {
    files += 1;
    const path = join(folder, `${files}-${name}`);
    writeFileSync(path, text);
    return path;
  };
  const world: LocalWorld = {
    cluster: servers.cluster,
    store: servers.store.url,
    folder,
    env,
    kubeconfig: (person, { user, cluster, namespace = "guestbook" } = {}) =>
      write("kubeconfig", kubeconfigText(servers.cluster.url, person, { user, cluster, namespace })),
    storeText: (more = {}) =>
      stringify({
        sources: [
          {
            name: "archive",
            http: {
              url: `${servers.store.url}/logs/\${{ project }}/\${{ jobName }}/\${{ container }}.log`,
              headers: { Authorization: "Bearer ${{ token }}" },
              token: { env: "STORE_TOKEN" },
            },
          },
        ],
        ...more,
      }),
    storeConfig: () => write("taffrail.yaml", world.storeText()),
    run: (person, args, options = {}) => {
      const kubeconfig = world.kubeconfig(person);
      return runInProcess(args, { ...options, env: { ...env, KUBECONFIG: kubeconfig, ...options.env } });
    },
    close: async () => {
      await servers.close();
      rmSync(folder, { recursive: true });
    },
  };
  mkdirSync(env.XDG_CONFIG_HOME);
  return world;
}

function kubeconfigText(
  server: string,
  person: string,
  more: { user?: object | undefined; cluster?: object | undefined; namespace: string },
) {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "demo", cluster: { server, ...more.cluster } }],
    users: [{ name: person, user: more.user ?? { token: tokenOf(person) } }],
    contexts: [{ name: "demo", context: { cluster: "demo", user: person, namespace: more.namespace } }],
    "current-context": "demo",
  });
}

/** The token of a person. */
export function tokenOf(person: string): string {
  const token = `kube-token-of-${person}`;
  plant(token);
  return token;
}

function personObjects(name: string, resources: readonly string[]): KubeObject[] {
  const metadata = { name, namespace: "guestbook" };
  return [
    {
      apiVersion: "demo.taffrail/v1",
      kind: "Token",
      metadata: { name },
      token: tokenOf(name),
      user: { username: name, groups: [] },
    },
    {
      apiVersion: RBAC,
      kind: "Role",
      metadata,
      rules: [{ apiGroups: ["", "argoproj.io", "kargo.akuity.io"], resources, verbs: ["get", "list", "watch"] }],
    },
    {
      apiVersion: RBAC,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "User", name }],
    },
  ] as KubeObject[];
}

/** A ConfigMap in the project. */
export function configMap(name: string, data: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "guestbook" }, data } as KubeObject;
}

/** A page that was started with a command, until the test stops it. */
export interface Ui {
  readonly origin: string;
  /** The path prefix. */
  readonly base: string;
  readonly link: string;
  readonly opened: readonly string[];
  readonly lines: readonly string[];
  stop(): Promise<{ readonly code: number; readonly said: readonly string[] }>;
}

/** Starts `taffrail ui`, or `serve --local`, and waits for its link. */
export async function startLocalUi(world: LocalWorld, person: Person, args: readonly string[]): Promise<Ui> {
  const stopping = new AbortController();
  const opened: string[] = [];
  let out = "";
  let tell = (): void => {};
  const printed = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const ended = runInProcess(args, {
    env: { ...world.env, KUBECONFIG: world.kubeconfig(person) },
    signal: stopping.signal,
    openPage: (address) => void opened.push(address),
    onPiece: (piece) => {
      out += piece;
      if (out.includes("key=")) tell();
    },
  });
  await Promise.race([
    printed,
    ended.then(({ code, said }) => Promise.reject(new Error(`ended with ${code}: ${said.join("; ")}`))),
  ]);
  const link = /http:\S+/.exec(out)?.[0] ?? "";
  const url = new URL(link);
  return {
    origin: url.origin,
    base: url.pathname.replace(/\/open$/, ""),
    link,
    opened,
    lines: out.trim().split("\n"),
    stop: async () => {
      stopping.abort();
      return ended;
    },
  };
}
