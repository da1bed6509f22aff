import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { KargoService } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import { AnalysisRunLogService, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTerminalFilter } from "../../src/cli/terminal-safe.ts";
import { kindOfAddress } from "../../src/egress/address-kind.ts";
import { sleep } from "../../src/sleep.ts";
import { type Answer, hangs, refuses, sends, sendsThenHangs, startScriptedStore } from "../fakes/scripted-store.ts";
import { HTTP_VERSIONS } from "./http-versions.ts";
import { clusterObjects, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { beginCall, WIRE_PROTOCOLS } from "./raw-call.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { messagesOf, readMessages, type SentMessage } from "./read-messages.ts";
import { useWorld } from "./world.ts";

const [protocol] = PROTOCOLS;
const [http11] = HTTP_VERSIONS;
if (protocol === undefined || http11 === undefined) throw new Error("no protocols");

const RECHECK_MS = 4_321;

// Each test names a vulnerability or bug of another program and proves that this one does not have it.
// CVE-2023-44487 is covered by http2-floods.test.ts, CVE-2020-8562 by src/egress/egress.test.ts.
describe("known incidents of other programs", () => {
  const world = useWorld();
  const tenants = useWorld({ headers: { "X-Scope-OrgID": "${{ metricName }}" } });
  const logRight = useWorld({ config: { access: { subresource: "log" } } });
  let recheck = Promise.withResolvers<void>();
  const rechecked = useWorld({
    config: { follow: { recheck: `${RECHECK_MS}ms` } },
    wait: (ms, signal) => (ms === RECHECK_MS ? recheck.promise : sleep(ms, signal)),
  });
  const client = () => createClient(AnalysisRunLogService, world().transport(protocol));
  const read = (ref: { namespace: string; name: string }, token: string = TOKENS.reader) =>
    readLog(world().transport(protocol), ref, as(token));
  const raw = (path: string, token: string = TOKENS.reader, method = "GET") =>
    http11.ask(world().port, {
      path,
      method,
      headers: { authorization: `Bearer ${token}`, cookie: "session=callers" },
    });
  /** Records the headers that the store receives. */
  const noting =
    (seen: IncomingHttpHeaders[], answer: Answer): Answer =>
    (response, request) => {
      seen.push(request.headers);
      answer(response, request);
    };

  it("GHSA-w5wv-wvrp-v5m5, CVE-2026-28229: rejects strings that only look like tokens", async () => {
    const ref = world().addLog(sends("secret\n"));
    for (const token of ["nothing", "null", "undefined"]) {
      const refused = { code: "Unauthenticated", reason: "TOKEN_REFUSED" };
      expect((await read(ref, token)).error).toMatchObject(refused);
      expect(await errorOf(client().getAnalysisRun(ref, as(token)))).toMatchObject(refused);
      expect(await errorOf(client().listAnalysisRuns(ref, as(token)))).toMatchObject(refused);
      expect(await errorOf(client().listProjects({}, as(token)))).toMatchObject(refused);
      expect(await raw(`/raw/${ref.namespace}/${ref.name}`, token)).toMatchObject({ status: 401 });
    }
  });

  it("CVE-2026-27111: checks access on every route and protocol", async () => {
    const ref = world().addLog(sends("secret\n"));
    for (const token of [TOKENS.stranger, TOKENS.stageless]) {
      for (const each of PROTOCOLS) {
        const { error } = await readLog(world().transport(each), ref, as(token));
        expect(error).toMatchObject({ code: "PermissionDenied" });
        const kargo = createClient(KargoService, world().transport(each)).getAnalysisRunLogs(ref, as(token));
        expect(await errorOf(kargo[Symbol.asyncIterator]().next())).toMatchObject({ code: "PermissionDenied" });
        const one = createClient(AnalysisRunLogService, world().transport(each)).getAnalysisRun(ref, as(token));
        expect(await errorOf(one)).toMatchObject({ code: "PermissionDenied" });
      }
      for (const { ask } of HTTP_VERSIONS) {
        const request = { path: `/raw/${ref.namespace}/${ref.name}`, headers: { authorization: `Bearer ${token}` } };
        expect(await ask(world().port, request)).toMatchObject({ status: 403 });
      }
    }
  });

  it("GHSA-7g9x-cp9g-92mr: never lends the gateway's own permissions to a caller", async () => {
    const ref = world().addLog(hangs);
    const asked = world().store.asked.length;
    const denied = await read(ref, TOKENS.stranger);
    const missing = await read({ ...ref, name: "uat.none" }, TOKENS.stranger);
    expect(denied.error).toMatchObject({ reason: "ACCESS_DENIED" });
    expect(missing.error?.message).toBe(denied.error?.message);
    expect(world().store.asked.length).toBe(asked);
  });

  it("CVE-2024-53862: keeps a deleted run's log from callers without access", async () => {
    const { namespace, name } = world().addLog(sends("secret\n"));
    const run = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata: { namespace, name } };
    world().cluster.remove(run);
    const asked = world().store.asked.length;
    expect((await read({ namespace, name }, "nothing")).error).toMatchObject({ reason: "TOKEN_REFUSED" });
    expect((await read({ namespace, name }, TOKENS.stranger)).error).toMatchObject({ reason: "ACCESS_DENIED" });
    expect((await read({ namespace, name })).error).toMatchObject({ reason: "RUN_NOT_FOUND" });
    expect(world().store.asked.length).toBe(asked);
  });

  it("CVE-2023-40025, CVE-2024-41666: ends an open log when the caller's role or token is revoked", async () => {
    for (const [kind, reason, end] of [
      ["RoleBinding", "AUTHORIZATION_LOST", EndReason.AUTHORIZATION_LOST],
      ["Token", "TOKEN_EXPIRED", EndReason.TOKEN_EXPIRED],
    ] as const) {
      const revoked = clusterObjects().find((each) => each.kind === kind && each.metadata.name === "reader");
      if (revoked === undefined) throw new Error(`There is no ${kind}.`);
      recheck = Promise.withResolvers();
      const messages = messagesOf(rechecked().transport(protocol), rechecked().addLog(sendsThenHangs("secret\n")));
      const next = async (): Promise<SentMessage | undefined> => (await messages.next()).value ?? undefined;
      while ((await next())?.text !== "secret\n");
      rechecked().cluster.remove(revoked);
      recheck.resolve();
      expect((await next())?.end).toMatchObject({ reason: end });
      expect(await errorOf(next())).toMatchObject({ reason });
      rechecked().cluster.put(revoked);
    }
  });

  it("GitLab MR 116625: resumes only from state that the server signed", async () => {
    const ref = world().addLog((response, request) => sends("one\ntwo\n")(response, request));
    const [cursor = ""] = (await readMessages(world().transport(protocol), ref))
      .map((each) => each.cursor)
      .filter(Boolean);
    const asked = world().store.asked.length;
    const bytes = Buffer.from(cursor, "base64url");
    const state = bytes.subarray(15, -16).toString();
    const forged = Buffer.concat([bytes.subarray(0, 15), Buffer.from(state.replace(/\d/, "7")), bytes.subarray(-16)]);
    for (const each of [forged.toString("base64url"), Buffer.from(state).toString("base64url"), state]) {
      const { error } = await readLog(world().transport(protocol), { ...ref, cursor: each });
      expect(error).toMatchObject({ code: "InvalidArgument", reason: "CURSOR_INVALID" });
    }
    const other = await readLog(world().transport(protocol), { ...world().addLog(sends("other\n")), cursor });
    expect(other).toMatchObject({ text: "", error: { reason: "CURSOR_FOREIGN" } });
    expect(world().store.asked.length).toBe(asked);
    expect(await readLog(world().transport(protocol), { ...ref, cursor })).toMatchObject({ error: undefined });
  });

  it("argoproj/argo-cd#5380: can require a separate permission for logs", async () => {
    const { error } = await readLog(logRight().transport(protocol), logRight().addLog(sends("secret\n")));
    expect(error).toMatchObject({ code: "PermissionDenied" });
  });

  it("CVE-2022-29164, GHSA-cv78-6m8q-ph82: serves a log that contains HTML as plain text", async () => {
    const page = "<!doctype html><script>alert(1)</script>";
    const { namespace, name } = world().addLog(sends(page, { "content-type": "text/html", "set-cookie": "a=b" }));
    const { headers, body } = await raw(`/raw/${namespace}/${name}?document=show`);
    expect(body).toBe(page);
    expect(headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
  });

  it("CVE-2025-62157, GHSA-7vf8-2cr6-54mf: never logs the store's secret, even if the store echoes it", async () => {
    for (const answer of [refuses(403, { "www-authenticate": "s3cret" }), sends("x", { "content-encoding": "s3cret" })])
      await read(world().addLog(answer));
    expect(JSON.stringify(world().log)).not.toContain("s3cret");
  });

  it("CVE-2025-3454, CVE-2026-53576: requires the token whatever is added to the path", async () => {
    const { namespace, name } = world().addLog(sends("secret\n"));
    const method = "taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs";
    const rawPath = `raw/${namespace}/${name}`;
    for (const path of [`//${rawPath}`, `/raw//${namespace}/${name}`, `/${rawPath}/healthz`, `/${rawPath}?/healthz`])
      expect([400, 401, 404]).toContain((await raw(path, "nothing")).status);
    for (const path of [`//${method}`, `/${method}/`, `/${method}/grpc.health.v1.Health/Check`, `/x/../${method}`])
      expect(await raw(path, "nothing", "POST")).toMatchObject({ status: 404 });
  });

  it("GHSA-jv32-5578-pxjc, CVE-2022-31130, CVE-2022-39201, CVE-2023-1387, CVE-2022-21673: forwards none of the caller's headers to the store", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const { namespace, name } = world().addLog(noting(seen, sends("log\n")));
    await raw(`/raw/${namespace}/${name}`);
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(seen)).not.toMatch(/session=callers|token-of-reader|authorization|cookie/);
  });

  it("CVE-2022-23498: shares no response and no cookie between callers", async () => {
    let reads = 0;
    const ref = world().addLog((response, request) => {
      reads += 1;
      sends(`read ${reads}\n`, { "set-cookie": `session=${reads}` })(response, request);
    });
    const path = `/raw/${ref.namespace}/${ref.name}`;
    for (const text of ["read 1\n", "read 2\n"]) {
      const { body, headers } = await raw(path);
      expect(body).toBe(text);
      expect(headers).toMatchObject({ "cache-control": "no-store, no-transform" });
      expect(headers["set-cookie"]).toBeUndefined();
    }
  });

  it("CVE-2021-36156, CVE-2026-21726: rejects path traversal in names, in any encoding", async () => {
    const asked = world().store.asked.length;
    for (const name of ["..", "../x", "%2e%2e", "%252e%252e", "..%2fx", "..%252fx", "x%00"]) {
      expect((await read({ namespace: "shop", name })).error).toMatchObject({ reason: "REQUEST_INVALID" });
      expect((await read({ namespace: name, name: "x" })).error).toMatchObject({ reason: "REQUEST_INVALID" });
      expect(await raw(`/raw/shop/${name}`)).toMatchObject({ status: 400 });
    }
    expect(world().store.asked.length).toBe(asked);
  });

  it("grafana/loki X-Scope-OrgID: refuses a value that would name a second tenant", async () => {
    const ref = tenants().addLog(hangs, [{ name: "a|b" }]);
    const { error } = await readLog(tenants().transport(protocol), ref);
    expect(error?.sources).toMatchObject([{ outcome: "SOURCE_OUTCOME_VALUE_REFUSED" }]);
    expect(tenants().store.asked).toEqual([]);
  });

  it("nodejs/undici#4917, CVE-2023-45289, CVE-2025-21620: sends no headers to another origin on redirect", async () => {
    const elsewhere = await startScriptedStore();
    try {
      const ref = world().addLog(refuses(302, { location: `${elsewhere.origin}/log` }));
      expect((await read(ref)).error).toMatchObject({ reason: "BACKEND_REFUSED" });
      expect(elsewhere.asked).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  it("CVE-2026-22036, CVE-2024-22025: refuses chains of encodings and brotli", async () => {
    let chain: Uint8Array = Buffer.from("x");
    for (let layers = 0; layers < 20; layers += 1) chain = gzipSync(chain);
    const gzips = Array(20).fill("gzip").join(", ");
    for (const [body, encoding] of [
      [chain, gzips],
      [chain, "gzip"],
      [brotliCompressSync("x"), "br"],
    ] as const) {
      const { error } = await read(world().addLog(sends(body, { "content-encoding": encoding })));
      expect(error).toMatchObject({ reason: "BACKEND_REFUSED" });
    }
    expect((await read(world().addLog(sends("x", { "content-encoding": gzips })))).text).toBe("x");
  });

  it("CVE-2026-44492: recognizes the metadata address in every notation", () => {
    for (const address of ["169.254.169.254", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe"])
      expect(kindOfAddress(address)).toBe("special");
  });

  it("kubernetes/kubernetes#136550, CVE-2020-8561: grants the gateway's roles no access to nodes or proxies", async () => {
    for (const file of ["cluster-role.yaml", "cluster-role-pods.yaml"]) {
      const roles = parseAllDocuments(await readFile(new URL(`../../deploy/${file}`, import.meta.url), "utf8"));
      const resources = JSON.stringify(roles.map((each) => each.toJS()));
      expect(resources).toContain('"verbs"');
      expect(resources).not.toMatch(/"nodes|\/proxy"|\/exec"|"\*"/);
    }
  });

  it("CVE-2021-25743, nodejs/node#53697, nodejs/node#64313: passes no escapes to a terminal except colours", () => {
    const hostile = "a\x1b]52;c;ZXZpbA==\x07b\x1b]8;;http://x/(\x1b\\c\x1b]8;;\x1b\\d\x1b[2Je\rf\x1b[31mg\n";
    const filter = createTerminalFilter({ colors: true });
    const shown = [...Buffer.from(hostile)].map((byte) => filter.write(Uint8Array.of(byte)));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the filter has to remove them.
    expect([...shown, filter.end()].join("").replaceAll("\x1b[31m", "")).not.toMatch(/\x1b|\x07|http|ZXZp/);
  });

  it("CVE-2021-23424: filters hostile escape sequences in linear time", () => {
    // A filter that backtracks needs minutes for this.
    for (const part of ["\x1b[", "\x1b[1;", "\x1b]8;;", "\x1b", "1;"]) {
      const filter = createTerminalFilter({ colors: true });
      expect((filter.write(Buffer.from(`\x1b[${part.repeat(500_000)}`)) + filter.end()).length).toBeLessThan(3_000_000);
    }
  });

  it.each(WIRE_PROTOCOLS)("CVE-2026-42294: reads no body before the token is accepted, over $name", async (each) => {
    const { write, outcome, destroy } = beginCall(world().port, each, { authorization: "Bearer nothing" });
    // The body never ends, so a server that waited for it would hang.
    write(Buffer.alloc(1_000));
    expect((await outcome).code).toBe("Unauthenticated");
    destroy();
  });

  it("Kargo: never shows a store's error page as the log", async () => {
    const { error, text } = await read(world().addLog(refuses(403)));
    expect([text, error?.reason]).toEqual(["", "BACKEND_REFUSED"]);
  });
});
