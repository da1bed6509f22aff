import { describe, expect, it } from "vitest";
import { compiledHttp } from "../../test/fakes/compiled-http.ts";
import { kargoConfig } from "./kargo-env.ts";
import { loadConfig } from "./load.ts";

const URL_TEMPLATE = "https://logs.example/${{ project }}/${{ jobName }}.log";
const clock = { now: () => 0 };
const load = (env: NodeJS.ProcessEnv) => loadConfig({ file: undefined, env, clock });

describe("Kargo's variables", () => {
  it("are a complete configuration", async () => {
    const { sources, config } = load({
      ANALYSIS_RUN_LOG_URL_TEMPLATE: URL_TEMPLATE,
      ANALYSIS_RUN_LOG_HTTP_HEADERS: "Authorization=Bearer ${{ token }},X-Scope=tenant",
      ANALYSIS_RUN_LOG_TOKEN: "s3cret",
    });
    expect(config.sources.map(({ name }) => name)).toEqual(["kargo"]);
    const { headers, token } = compiledHttp(sources[0]);
    expect(Object.keys(headers)).toEqual(["Authorization", "X-Scope"]);
    expect((await token?.())?.reveal()).toBe("s3cret");
    expect(JSON.stringify(config)).not.toContain("s3cret");
  });

  it("are complete without headers and a token", () => {
    const [source] = load({ ANALYSIS_RUN_LOG_URL_TEMPLATE: URL_TEMPLATE }).sources;
    expect(compiledHttp(source)).toMatchObject({ headers: {}, token: undefined });
  });

  it.each([{}, { ANALYSIS_RUN_LOG_URL_TEMPLATE: "" }, { ANALYSIS_RUN_LOG_TOKEN: "t" }])(
    "are no configuration without a URL: %j",
    (env) => {
      expect(kargoConfig(env)).toBeUndefined();
      expect(() => load(env)).toThrow("No configuration: pass a file with --config, or set");
    },
  );

  it.each([
    ["A=1", { A: "1" }],
    ["A=1,B=2", { A: "1", B: "2" }],
    ["A=", { A: "" }],
    ["Authorization=Basic dTpw==", { Authorization: "Basic dTpw==" }],
    ["Accept=text/plain, text/html;q=0.5,X-Id=7", { Accept: "text/plain, text/html;q=0.5", "X-Id": "7" }],
    ["X-List=a,b,c", { "X-List": "a,b,c" }],
    ["A=1,", { A: "1," }],
    ["=1", {}],
    ["rubbish", {}],
    ["", {}],
  ])("name the headers %j: %j", (text, headers) => {
    const env = { ANALYSIS_RUN_LOG_URL_TEMPLATE: URL_TEMPLATE, ANALYSIS_RUN_LOG_HTTP_HEADERS: text };
    expect(kargoConfig(env)).toMatchObject({ sources: [{ http: { headers } }] });
  });

  it("are named in their faults", () => {
    const faultsOf = (env: NodeJS.ProcessEnv): string => {
      try {
        load(env);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(faultsOf({ ANALYSIS_RUN_LOG_URL_TEMPLATE: "https://logs.example/${{ projekt }}" })).toMatch(
      /^ANALYSIS_RUN_LOG_URL_TEMPLATE: .*"projekt".*project/,
    );
    const env = { ANALYSIS_RUN_LOG_URL_TEMPLATE: URL_TEMPLATE };
    expect(faultsOf({ ...env, ANALYSIS_RUN_LOG_HTTP_HEADERS: "A=${{ nope }}" })).toMatch(
      /^ANALYSIS_RUN_LOG_HTTP_HEADERS: .*"nope"/,
    );
    expect(faultsOf({ ...env, ANALYSIS_RUN_LOG_HTTP_HEADERS: "A=${{ token }}" })).toMatch(
      /^ANALYSIS_RUN_LOG_HTTP_HEADERS: .*no `token`/,
    );
  });
});
