import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { parseConfig } from "./load.ts";
import { hashOf, settingsOf } from "./settings.ts";

const settings = (config: object, env: NodeJS.ProcessEnv = {}) =>
  settingsOf(parseConfig(JSON.stringify(config), { name: "t.yaml", folder: ".", env, clock: systemClock }).config);

const CONFIG = {
  vars: { key: "planted-1" },
  sources: [
    {
      name: "archive",
      http: {
        url: "https://logs.example.com/${{ project }}/${{ jobName }}.log?sig=planted-2&k=${{ key }}&a=${{ stage ?? 'planted-3' }}",
        headers: { "X-Api-Key": "planted-4", Authorization: "Bearer ${{ token }}" },
        token: { env: "STORE_TOKEN" },
      },
    },
  ],
  links: [{ title: "Report", url: "https://reports.example.com/${{ project }}#planted-5" }],
};

describe("the settings that operators see", () => {
  const shown = settings(CONFIG, { STORE_TOKEN: "planted-6" });
  const value = (name: string) => shown.find((each) => each.name === name)?.value;

  it("include what is configured, and defaults", () => {
    expect(value("listen")).toBe(":8080");
    expect(value("limits.streams")).toBe("1000");
    expect(value("sources[0].name")).toBe("archive");
    expect(value("sources[0].http.token.env")).toBe("STORE_TOKEN");
    expect(value("cursors.keys")).toBe("[]");
  });

  it("include names of headers, variables and query keys, but never their values", () => {
    expect(value("vars.key")).toBe("[hidden]");
    expect(value("sources[0].http.headers.X-Api-Key")).toBe("[hidden]");
    expect(value("sources[0].http.url")).toBe(
      "https://logs.example.com/${{ project }}/${{ jobName }}.log?sig=[hidden]&k=[hidden]&a=[hidden]",
    );
    expect(value("links[0].url")).toBe("https://reports.example.com/${{ project }}#[hidden]");
    expect(JSON.stringify(shown)).not.toContain("planted-");
  });

  it("have a hash that is the same for equal settings only", () => {
    expect(hashOf(shown)).toMatch(/^[0-9a-f]{12}$/);
    expect(hashOf(settings(CONFIG, { STORE_TOKEN: "x" }))).toBe(hashOf(shown));
    expect(hashOf(settings({ ...CONFIG, listen: ":1" }, { STORE_TOKEN: "x" }))).not.toBe(hashOf(shown));
  });
});
