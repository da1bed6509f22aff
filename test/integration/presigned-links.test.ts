import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { sends } from "../fakes/scripted-store.ts";
import { HTTP_VERSIONS } from "./http-versions.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import { useWorld } from "./world.ts";

const BUCKET = {
  bucket: "reports",
  region: "eu-west-1",
  endpoint: "https://minio.example.com",
  pathStyle: true,
  accessKeyId: { env: "STORE_TOKEN" },
  secretAccessKey: { env: "CURSOR_KEY" },
};
const LINKS = [
  { title: "Elsewhere", url: "https://reports.example.com/${{ project }}" },
  { title: "Robot report", presign: { s3: { ...BUCKET, key: "${{ project }}/${{ jobName }}/report & log.html" } } },
  { title: "Of a container", presign: { s3: { ...BUCKET, key: "${{ jobName }}/${{ container }}.html" } } },
  { title: "Of the run", presign: { s3: { ...BUCKET, key: "${{ analysisRun }}.html" } } },
  { title: "Of a promotion", presign: { s3: { ...BUCKET, key: "${{ promotion }}.html" } } },
  { title: "Without credentials", presign: { s3: { bucket: "reports", key: "${{ analysisRun }}.html" } } },
];

describe.each(HTTP_VERSIONS)("a link to a private bucket over $version", ({ ask }) => {
  const world = useWorld({ config: { links: LINKS, basePath: "/taffrail" } });
  const limited = useWorld({ config: { links: LINKS, limits: { callsPerCaller: 2 } } });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const get = (path: string, token?: string) =>
    ask(world().port, { path, headers: token === undefined ? {} : bearer(token) });
  const linksOf = async (name: string) => {
    const [protocol] = PROTOCOLS;
    if (protocol === undefined) throw new Error("no protocol");
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const { analysisRun } = await client.getAnalysisRun({ namespace: "shop", name }, as(TOKENS.reader));
    const links = [...(analysisRun?.metrics[0]?.attempts[0]?.links ?? []), ...(analysisRun?.links ?? [])];
    return new Map(links.map(({ title, url }) => [title, url]));
  };

  it("is a path of this server, which redirects to an address that is good for five minutes", async () => {
    const { name } = world().addLog(sends(""));
    const links = await linksOf(name);
    expect(links.get("Elsewhere")).toBe("https://reports.example.com/shop");
    const path = links.get("Robot report") ?? "";
    expect(path).toMatch(/^\/taffrail\/links\/shop\/uat\.run-\d+\?title=Robot\+report&metric=checks&attempt=1$/);
    const { status, headers, body } = await get(path, TOKENS.reader);
    expect([status, body]).toEqual([302, ""]);
    expect(headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
    const to = new URL(headers.location ?? "");
    expect(to.origin).toBe("https://minio.example.com");
    expect(to.pathname).toMatch(/^\/reports\/shop\/[0-9a-f-]{36}\.checks\.1\/report%20%26%20log\.html$/);
    expect(Object.fromEntries(to.searchParams)).toMatchObject({
      "X-Amz-Expires": "300",
      "X-Amz-Credential": expect.stringMatching(/^s3cret\/\d{8}\/eu-west-1\/s3\/aws4_request$/),
      "X-Amz-Signature": expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("counts as a call of its reader", async () => {
    const { name } = limited().addLog(sends(""));
    const path = `/links/shop/${name}?title=Of+the+run`;
    const statusOf = async (token: string) => (await ask(limited().port, { path, headers: bearer(token) })).status;
    expect([await statusOf(TOKENS.reader), await statusOf(TOKENS.reader)]).toEqual([302, 302]);
    const { status, headers, body } = await ask(limited().port, { path, headers: bearer(TOKENS.reader) });
    expect([status, headers["retry-after"]]).toEqual([429, "30"]);
    expect(body).toContain("You make more calls than 2 per minute, the limit for one caller.");
    expect(await statusOf(TOKENS.stranger)).toBe(403);
    limited().clock.advance(30_000);
    expect(await statusOf(TOKENS.reader)).toBe(302);
  });

  it("is one for each container, and one for the run", async () => {
    const { name } = world().addLog(sends(""), [{ containers: ["a", "b"] }]);
    const links = await linksOf(name);
    expect(links.get("Of a container")).toMatch(/&container=b$/);
    const { headers } = await get(links.get("Of a container") ?? "", TOKENS.reader);
    expect(new URL(headers.location ?? "").pathname).toMatch(/\.checks\.1\/b\.html$/);
    const { headers: ofRun } = await get(links.get("Of the run") ?? "", TOKENS.reader);
    expect(new URL(ofRun.location ?? "").pathname).toBe(`/reports/${name}.html`);
    expect(links.has("Of a promotion")).toBe(false);
  });

  it.each<[string, number, string, string | undefined]>([
    ["title=Robot+report&metric=checks&attempt=1", 401, "TOKEN_MISSING", undefined],
    ["title=Robot+report&metric=checks&attempt=1", 403, "ACCESS_DENIED", TOKENS.stranger],
    ["title=Robot+report&metric=checks&attempt=1", 403, "ACCESS_DENIED", TOKENS.stageless],
    ["title=Of+a+promotion", 404, "LINK_NOT_FOUND", TOKENS.reader],
    ["title=Elsewhere", 404, "LINK_NOT_FOUND", TOKENS.reader],
    ["title=None", 404, "LINK_NOT_FOUND", TOKENS.reader],
    ["title=Robot+report", 404, "LINK_NOT_FOUND", TOKENS.reader],
    ["title=Robot+report&metric=none&attempt=1", 404, "METRIC_NOT_FOUND", TOKENS.reader],
    ["title=Robot+report&metric=checks&attempt=7", 404, "ATTEMPT_NOT_FOUND", TOKENS.reader],
  ])("is decided like the run's log: %s, %i %s", async (query, status, reason, token) => {
    const { name } = world().addLog(sends(""));
    const answer = await get(`/links/shop/${name}?${query}`, token);
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body: expect.stringContaining(reason) });
    expect(answer.headers.location).toBeUndefined();
    expect(answer.body).not.toMatch(/minio|s3cret/);
  });

  it("allows only reads", async () => {
    const { name } = world().addLog(sends(""));
    const request = { path: `/links/shop/${name}?title=Of+the+run`, method: "POST", headers: {} };
    expect((await ask(world().port, request)).status).toBe(405);
  });
});
