import { describe, expect, it } from "vitest";
import { originOf } from "./same-origin.ts";

describe("the origin of a request", () => {
  it.each([
    ["same", { "sec-fetch-site": "same-origin" }],
    ["same", { "sec-fetch-site": "same-origin", origin: "https://proxied.example" }],
    ["same", { "sec-fetch-site": "none" }],
    ["other", { "sec-fetch-site": "same-site", origin: "http://logs.example" }],
    ["other", { "sec-fetch-site": "cross-site" }],
    ["other", { "sec-fetch-site": "" }],
    ["same", { origin: "http://logs.example" }],
    ["same", { origin: "https://LOGS.example" }],
    ["same", { origin: "https://outside.example", "x-forwarded-host": "outside.example" }],
    ["other", { origin: "http://logs.example:81" }],
    ["other", { origin: "http://logs.example.evil" }],
    ["other", { origin: "http://evil.example" }],
    ["other", { origin: "null" }],
    ["other", { origin: "" }],
    ["other", { origin: "file://" }],
    ["unsaid", {}],
    ["unsaid", { referer: "http://evil.example/" }],
  ])("is %s with %j", (told, headers) => {
    expect(originOf(new Headers(headers as Record<string, string>), "logs.example")).toBe(told);
  });

  it("ignores the scheme's default port, and needs a known host", () => {
    expect(originOf(new Headers({ origin: "https://logs.example" }), "logs.example:443")).toBe("same");
    expect(originOf(new Headers({ origin: "http://logs.example" }), "logs.example:443")).toBe("other");
    expect(originOf(new Headers({ origin: "http://logs.example" }), undefined)).toBe("other");
  });
});
