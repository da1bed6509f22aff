import { type ChildProcess, spawn } from "node:child_process";
import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { printable } from "../quoted.ts";
import { Secret } from "../secret.ts";
import { KubeconfigError } from "./kubeconfig-error.ts";

const text = z.string().nullish();

/** A user's `exec` in a kubeconfig. */
export const ExecConfig = z.looseObject({
  apiVersion: text,
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string() })).nullish(),
  installHint: text,
  interactiveMode: z.enum(["Never", "IfAvailable", "Always"]).nullish(),
  provideClusterInfo: z.boolean().nullish(),
});

const ExecCredential = z.object({
  status: z.object({
    token: text,
    clientCertificateData: text,
    clientKeyData: text,
    expirationTimestamp: text,
  }),
});

/** What a plugin returned: a token, a client certificate with its key, or both. */
export interface PluginCredential {
  readonly token: Secret | undefined;
  readonly cert: string | undefined;
  readonly key: Secret | undefined;
}

export interface ExecPluginOptions {
  /** The folder of the kubeconfig, which a relative path of the program is relative to. */
  readonly folder: string;
  readonly clock: Clock;
  /** The environment of the program, to which the kubeconfig adds. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether a user can answer the program on the terminal of this process, and read what it prints there. */
  readonly terminal: boolean;
  /** The cluster, for a plugin that asks to be told. */
  readonly cluster: Readonly<Record<string, unknown>>;
}

/** A program that returns credentials. */
export interface ExecPlugin {
  /**
   * Runs the program, unless the last credential is still valid.
   *
   * @throws KubeconfigError
   */
  credential(): Promise<PluginCredential>;
  /** The cluster no longer accepts the last credential: the program runs again. */
  forget(): void;
}

/** Without a terminal, nobody answers a program that asks. In milliseconds. */
const SILENT_MS = 60_000;
const MAX_OUTPUT = 1024 * 1024;
const MAX_WHY = 300;

/**
 * Creates a credential plugin, which is run as kubectl runs it
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
 *
 * The Kubernetes client library does not set KUBERNETES_EXEC_INFO, which plugins of cloud providers require, and hides
 * what a plugin prints on stderr, such as the code to type for a sign-in.
 */
export function createExecPlugin(config: unknown, options: ExecPluginOptions): ExecPlugin {
  const { clock } = options;
  const parsed = ExecConfig.safeParse(config);
  let kept: { readonly credential: PluginCredential; readonly until: number } | undefined;
  return {
    async credential() {
      if (parsed.data === undefined) {
        throw failed("plugin-failed", "The kubeconfig's credential plugin has invalid settings.", FIX_FILE);
      }
      if (kept !== undefined && clock.now() < kept.until) return kept.credential;
      kept = undefined;
      const read = await run(parsed.data, options);
      kept = read;
      return read.credential;
    },
    forget() {
      kept = undefined;
    },
  };
}

const FIX_FILE = "Correct the user's `exec` in the kubeconfig: `kubectl get pods` should work.";

async function run(exec: z.infer<typeof ExecConfig>, options: ExecPluginOptions) {
  const { command, args, env, installHint, interactiveMode, provideClusterInfo } = exec;
  const name = printable(command).slice(0, 100);
  const interactive = options.terminal && interactiveMode !== "Never";
  if (interactiveMode === "Always" && !interactive) {
    throw failed("plugin-failed", `The credential plugin "${name}" needs a terminal.`, "Run this on a terminal.");
  }
  const info = {
    apiVersion: exec.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: { interactive, ...(provideClusterInfo && { cluster: options.cluster }) },
  };
  // As the shell and kubectl do: a name is looked up in PATH, a path is relative to the kubeconfig.
  const program = /[/\\]/.test(command) && !isAbsolute(command) ? resolve(options.folder, command) : command;
  const child = spawn(program, args ?? [], {
    env: {
      ...options.env,
      ...Object.fromEntries((env ?? []).map((each) => [each.name, each.value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    },
    stdio: [interactive ? "inherit" : "ignore", "pipe", interactive ? "inherit" : "pipe"],
  });
  const end = await endOf(child, interactive ? undefined : SILENT_MS);
  switch (end.kind) {
    case "not-started": {
      const hint = installHint ? `\n${installHint.split("\n").map(printable).join("\n").slice(0, 2_000)}` : "";
      const did = end.code === "ENOENT" ? "is not installed, or not in PATH" : `cannot be started (${end.code})`;
      throw failed("plugin-missing", `The kubeconfig's credential plugin "${name}" ${did}.`, `Install it.${hint}`);
    }
    case "late":
      throw failed(
        "plugin-failed",
        `The kubeconfig's credential plugin "${name}" did not answer within ${SILENT_MS / 1_000} s.`,
        "Sign in to the cluster on a terminal, as for kubectl.",
      );
    case "ended": {
      if (end.status !== 0) {
        const why = lastLine(end.stderr);
        throw failed(
          "plugin-failed",
          `The kubeconfig's credential plugin "${name}" failed (${end.status === null ? "killed" : `status ${end.status}`})${why && `: ${why}`}`,
          "Sign in to the cluster again, as for kubectl: `kubectl get pods` should work.",
        );
      }
      return readCredential(name, end.stdout);
    }
  }
}

type End =
  | { readonly kind: "not-started"; readonly code: string }
  | { readonly kind: "late" }
  | { readonly kind: "ended"; readonly status: number | null; readonly stdout: string; readonly stderr: string };

function endOf(child: ChildProcess, timeoutMs: number | undefined): Promise<End> {
  return new Promise((resolveEnd) => {
    let stdout = "";
    let stderr = "";
    let late = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            child.kill("SIGKILL");
            // A program that it has started may keep the pipes open.
            child.stdout?.destroy();
            child.stderr?.destroy();
          }, timeoutMs);
    child.stdout?.setEncoding("utf8").on("data", (part: string) => {
      stdout += part;
      if (stdout.length > MAX_OUTPUT) child.kill("SIGKILL");
    });
    child.stderr?.setEncoding("utf8").on("data", (part: string) => {
      stderr = (stderr + part).slice(-MAX_OUTPUT);
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolveEnd({ kind: "not-started", code: error.code ?? "" });
    });
    child.once("close", (status) => {
      clearTimeout(timer);
      resolveEnd(late ? { kind: "late" } : { kind: "ended", status, stdout, stderr });
    });
  });
}

/** The parser's messages would quote the token. */
function readCredential(name: string, stdout: string) {
  const wrong = (): KubeconfigError =>
    failed("plugin-failed", `The kubeconfig's credential plugin "${name}" printed no valid ExecCredential.`, FIX_FILE);
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch {
    throw wrong();
  }
  const { status } = ExecCredential.safeParse(json).data ?? {};
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status ?? {};
  if (!token && !(cert && key)) throw wrong();
  if (token && !/^[!-~]+$/.test(token)) throw wrong();
  const until = expirationTimestamp ? Date.parse(expirationTimestamp) : Number.POSITIVE_INFINITY;
  const credential: PluginCredential = {
    token: token ? new Secret(token) : undefined,
    cert: cert || undefined,
    key: key ? new Secret(key) : undefined,
  };
  // What cannot be read as a time is used once.
  return { credential, until: Number.isNaN(until) ? 0 : until };
}

function lastLine(stderr: string): string {
  const line = stderr.trim().split("\n").at(-1) ?? "";
  return printable(line).slice(0, MAX_WHY).replace(/\.$/, "");
}

function failed(fault: "plugin-missing" | "plugin-failed", message: string, next: string): KubeconfigError {
  return new KubeconfigError(fault, message.endsWith(".") ? message : `${message}.`, next);
}
