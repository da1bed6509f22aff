import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compiledHttp } from "../../test/fakes/compiled-http.ts";
import { createMatch } from "../sources/match.ts";
import { ConfigError } from "./config-error.ts";
import { loadConfig, parseConfig } from "./load.ts";

const clock = { now: () => 0 };
const parse = (text: string, env: NodeJS.ProcessEnv = {}) =>
  parseConfig(text, { name: "t.yaml", folder: "/nowhere", env, clock });

/** The faults of a configuration, line by line. */
function faultsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    parse(text, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toBe((error as ConfigError).faults.join("\n"));
    return (error as ConfigError).faults;
  }
  return [];
}

/** Where some words begin in a text. */
function placeOf(words: string, text: string): string {
  const before = text.slice(0, text.indexOf(words)).split("\n");
  return `t.yaml:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** A configuration with one source, whose `http` part ends with these lines. */
const withHttp = (...lines: string[]): string =>
  ["sources:", "  - name: a", "    http:", ...lines.map((line) => `      ${line}`)].join("\n");
const URL_LINE = "url: https://logs.example/${{ jobName }}.log";

describe("a configuration", () => {
  it("may be empty: it then has every default", () => {
    for (const text of ["", "# nothing", "{}", "sources: []"]) {
      expect(parse(text).config).toMatchObject({
        listen: ":8080",
        contact: "",
        retentionDays: 0,
        identity: { audiences: [] },
        access: {},
        projects: { selector: "kargo.akuity.io/project=true" },
        jobNamespaces: [],
        vars: {},
        sources: [],
        links: [],
        limits: { logBytes: 64 * 1024 ** 3, decompressionRatio: 200 },
        shutdown: { drain: 20_000 },
        reflection: true,
      });
    }
  });

  it("may be for fifty projects, each with a source, a tenant and links of its own", () => {
    const projects = Array.from({ length: 50 }, (_, index) => `project-${index}`);
    const query = '{namespace="${{ jobNamespace }}", cluster="${{ cluster }}", pod=~"${{ podPrefix }}.*"}';
    const text = JSON.stringify({
      vars: { cluster: "eu-1" },
      sources: projects.map((project) => ({
        name: project,
        match: { project, labels: { team: "team-*" } },
        phase: "finished",
        loki: { url: "https://loki.example.com", tenant: `${project}-\${{ cluster }}`, query },
      })),
      links: projects.map((project) => ({
        title: `Report of ${project}`,
        match: { project },
        url: "https://reports.example.com/${{ project }}/${{ jobName }}/",
      })),
    });
    const { config, sources } = parse(text);
    expect([config.sources.length, sources.length, config.links.length]).toEqual([50, 50, 50]);
    for (const project of projects) {
      const facts = { project, metric: "m", labels: { team: "team-a" } };
      const used = sources.filter((each) => createMatch(each.config.match)(facts));
      expect(used.map((each) => each.config.name)).toEqual([project]);
    }
  });

  it("fills in the defaults of a source", () => {
    expect(parse(withHttp(URL_LINE)).config.sources[0]).toMatchObject({
      name: "a",
      match: {},
      settle: 30_000,
      http: { headers: {}, notFound: [404, 410], timeouts: { connect: 5_000, headers: 30_000, idle: 60_000 } },
    });
  });

  it("may be JSON", () => {
    expect(parse('{"listen": "[::1]:9090", "retentionDays": 14}').config).toMatchObject({ retentionDays: 14 });
  });

  it("is not affected by the names of built-in properties", () => {
    expect(faultsOf("constructor: 1\ntoString: 2\n__proto__: {listen: 1}")).toEqual([
      expect.stringMatching(/^t\.yaml:1:1: unknown key "constructor"\. Known keys: listen, /),
      expect.stringContaining('t.yaml:2:1: unknown key "toString".'),
      expect.stringContaining('t.yaml:3:1: unknown key "__proto__".'),
    ]);
  });
});

describe("an unknown key", () => {
  it("is reported with its position and a suggestion", () => {
    expect(faultsOf("listen: ':80'\nsorces: []")).toEqual([
      't.yaml:2:1: unknown key "sorces". Did you mean "sources"?',
    ]);
    expect(faultsOf(withHttp(URL_LINE, "timeouts:", "  idel: 5s"))).toEqual([
      't.yaml:6:9: unknown key "idel". Did you mean "idle"?',
    ]);
  });

  it("is reported with all known keys if none resembles it", () => {
    expect(faultsOf("shutdown: {xyzzy: 1}")).toEqual(['t.yaml:1:12: unknown key "xyzzy". Known keys: drain.']);
  });

  it("does not prevent what is below it from being checked", () => {
    expect(faultsOf(withHttp(URL_LINE, "timeots: {idel: 5}"))).toEqual([
      expect.stringContaining("sources[0].http.timeouts.idle must be"),
      expect.stringContaining('"idel"'),
      expect.stringContaining('"timeots"'),
    ]);
  });

  it("does not replace the suggested key if that is also present", () => {
    expect(faultsOf("listen: ':80'\nlisten_: 7")).toEqual([expect.stringContaining('"listen_"')]);
  });
});

describe("an invalid value", () => {
  it.each([
    ["listen: 5", "t.yaml:1:9: listen must be a string, not a number"],
    ["listen: nowhere", "t.yaml:1:9: listen must be HOST:PORT or :PORT"],
    ["sources: 7", "t.yaml:1:10: sources must be an array, not a number"],
    ["links: [1]", "t.yaml:1:9: links[0] must be an object, not a number"],
    [
      "vars: {a-b: x}",
      "t.yaml:1:8: vars.a-b must consist of letters, digits and underscores, and not begin with a digit",
    ],
    ["jobNamespaces: [jobs, Not.One]", "t.yaml:1:23: jobNamespaces[1] must be a namespace name"],
    ["limits: {logBytes: 5GB}", expect.stringMatching(/^t\.yaml:1:20: limits\.logBytes must be a number and a unit/)],
    ["- a", "t.yaml:1:1: the configuration must be an object, not an array"],
    ["text", "t.yaml:1:1: the configuration must be an object, not a string"],
    ["links: [{}]", "t.yaml:1:9: links[0].title is missing"],
    [
      withHttp(URL_LINE, 'headers: {"A B": c}'),
      "t.yaml:5:17: sources[0].http.headers.A B must be the name of an HTTP header",
    ],
    [
      withHttp(URL_LINE, "notFound: [404, 200]"),
      expect.stringMatching(/^t\.yaml:5:23: sources\[0\]\.http\.notFound\[1\] is invalid: /),
    ],
  ])("as in %j is reported with its position and path", (text, fault) => {
    expect(faultsOf(text)[0]).toEqual(fault);
  });
});

describe("an invalid template", () => {
  it.each([
    ["plain", "url: https://logs.example/${{ jobNam }}"],
    ["in double quotes", 'url: "https://logs.example/${{ jobNam }}"'],
    ["in single quotes", "url: 'https://logs.example/${{ jobNam }}'"],
  ])("is reported with the position within it: %s", (_, line) => {
    const text = withHttp(line);
    expect(faultsOf(text)).toEqual([`${placeOf("jobNam", text)}: Unknown name "jobNam". Did you mean jobName?`]);
  });

  it("is reported with the position of its beginning, in a block", () => {
    expect(faultsOf(withHttp("url: >-", "  https://logs.example/${{ jobNam }}"))).toEqual([
      expect.stringMatching(/^t\.yaml:4:12: Unknown name "jobNam"/),
    ]);
  });

  it("is also reported in headers and links", () => {
    const links = "links:\n  - title: Report\n    url: https://reports.example/${{ jobNam }}";
    const text = `${withHttp(URL_LINE, "headers: { X: '${{ nope }}' }")}\n${links}`;
    expect(faultsOf(text)).toEqual([
      expect.stringContaining(`${placeOf("nope", text)}: Unknown name "nope"`),
      expect.stringContaining(`${placeOf("jobNam }}", text)}: Unknown name "jobNam"`),
    ]);
  });

  it("uses a token that the source does not have", () => {
    const text = withHttp(URL_LINE, "headers: { A: '${{ token }}' }");
    expect(faultsOf(text)).toEqual([
      `${placeOf("${{ token", text)}: the header wants \${{ token }}, but this source has no \`token\``,
    ]);
  });

  it("puts a token into the URL", () => {
    expect(faultsOf(withHttp("url: https://logs.example/${{ token }}", "token: { env: T }"), { T: "s3cret" })).toEqual([
      expect.stringMatching(/^t\.yaml:4:\d+: /),
    ]);
  });
});

describe("an invalid secret", () => {
  it.each([
    ["token: { file: gone }", "t.yaml:5:14: the file gone does not exist: create it, or name another"],
    ["token: { env: NOT_SET }", "t.yaml:5:14: the environment variable NOT_SET is not set: set it, or name another"],
    ["token: { file: a, env: B }", "t.yaml:5:14: sources[0].http.token must name either a file or an env variable"],
    ["token: {}", "t.yaml:5:14: sources[0].http.token must name either a file or an env variable"],
    ["token: s3cret", "t.yaml:5:14: sources[0].http.token must be an object, not a string"],
  ])("as in %j is reported, but never shown", (line, fault) => {
    expect(faultsOf(withHttp(URL_LINE, line))).toEqual([fault]);
  });
});

describe("the server's certificate", () => {
  it("is reported with its position if a file is missing, with all other faults", () => {
    expect(faultsOf("contac: me\ntls: { certFile: gone.crt, keyFile: gone.key }")).toEqual([
      't.yaml:1:1: unknown key "contac". Did you mean "contact"?',
      "t.yaml:2:6: the file gone.crt does not exist: create it, or name another",
    ]);
  });
});

describe("invalid YAML", () => {
  it.each([
    ["a: [1", /^t\.yaml:\d+:\d+: /],
    ["a:\n\t- b", /^t\.yaml:2:1: Tabs/],
    ["listen: ':1'\nlisten: ':2'", /^t\.yaml:2:1: Map keys must be unique/],
    ["listen: ':1'\n---\nlisten: ':2'", /^t\.yaml:2:1: .*multiple documents/],
    ["listen: *nobody", /^t\.yaml: Unresolved alias/],
  ])("as in %j is reported with its position", (text, fault) => {
    expect(faultsOf(text)[0]).toMatch(fault);
  });

  it("may be a document that would grow without end", () => {
    const levels = ["a", "b", "c", "d", "e"].map((name, index, all) => {
      const before = index === 0 ? "x" : `*${all[index - 1]}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => before).join(", ")}]`;
    });
    expect(faultsOf(levels.join("\n"))[0]).toMatch(/^t\.yaml: Excessive alias count/);
  });
});

describe("faults", () => {
  it("are reported together and in order: keys, values, templates and secrets", () => {
    const text = [
      "lisen: ':80'",
      "sources:",
      "  - name: a",
      "    htp:",
      "      url: https://logs.example/",
      "  - name: b",
      "    http:",
      "      url: https://logs.example/${{ jobNam }}",
      "      token: { env: NOT_SET }",
      "  - name: b",
      "    http:",
      "      url: https://logs.example/",
    ].join("\n");
    expect(faultsOf(text)).toEqual([
      't.yaml:1:1: unknown key "lisen". Did you mean "listen"?',
      't.yaml:4:5: unknown key "htp". Did you mean "http"?',
      expect.stringMatching(/^t\.yaml:8:37: Unknown name "jobNam"/),
      "t.yaml:9:14: the environment variable NOT_SET is not set: set it, or name another",
      't.yaml:10:11: duplicate source name "b"',
    ]);
  });

  it("are reported up to 20, and how many more there are", () => {
    const text = Array.from({ length: 25 }, (_, index) => `key${index}: 1`).join("\n");
    const faults = faultsOf(text);
    expect(faults).toHaveLength(21);
    expect(faults[19]).toContain("t.yaml:20:1");
    expect(faults[20]).toBe("and 5 more");
  });
});

describe("a configuration file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "taffrail-config-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("has its secrets next to it", async () => {
    await writeFile(join(folder, "token"), "s3cret\n");
    await writeFile(join(folder, "my.yaml"), withHttp(URL_LINE, "token: { file: token }"));
    const { sources } = loadConfig({ file: join(folder, "my.yaml"), env: {}, clock });
    expect((await compiledHttp(sources[0]).token?.())?.reveal()).toBe("s3cret");
  });

  it("takes precedence over Kargo's variables", async () => {
    await writeFile(join(folder, "my.yaml"), "contact: me");
    const env = { ANALYSIS_RUN_LOG_URL_TEMPLATE: "https://logs.example/" };
    expect(loadConfig({ file: join(folder, "my.yaml"), env, clock }).sources).toEqual([]);
  });

  it("is named in its faults", async () => {
    await writeFile(join(folder, "my.yaml"), "lisen: 7");
    expect(() => loadConfig({ file: join(folder, "my.yaml"), env: {}, clock })).toThrow(/^my\.yaml:1:1: /);
  });

  it("must be readable", () => {
    expect(() => loadConfig({ file: join(folder, "gone.yaml"), env: {}, clock })).toThrow(
      /gone\.yaml: cannot be read \(ENOENT\)/,
    );
    expect(() => loadConfig({ file: folder, env: {}, clock })).toThrow(/cannot be read \(EISDIR\)/);
  });

  it("is valid as documented", async () => {
    const docs = await readFile(new URL("../../docs/configuration.md", import.meta.url), "utf8");
    const whole = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
    const [example] = whole.filter((text) => text.includes("sources:"));
    // Its secret is nowhere here; all else has to be right.
    expect(faultsOf(example ?? "lost: 1").filter((fault) => !/the file \S+ does not exist/.test(fault))).toEqual([]);
  });
});
