import { describe, expect, it } from "vitest";
import { MARK } from "./scan.ts";
import { keepsShape, readShape } from "./url-shape.ts";

describe("readShape", () => {
  it("splits a URL without changing it", () => {
    expect(readShape("HTTPS://[::1]:8443/a//b?k=v=w&flag#x/y?z")).toEqual({
      scheme: "HTTPS",
      host: "[::1]",
      port: "8443",
      path: "/a//b",
      segments: ["", "a", "", "b"],
      query: "?k=v=w&flag",
      parameters: [
        { key: "k", value: "v=w" },
        { key: "flag", value: undefined },
      ],
      fragment: "#x/y?z",
    });
  });

  it("refuses a second number sign, and brackets outside the host", () => {
    for (const [text, offset] of [
      ["http://x/#a#b", 11],
      ["http://x/#a]", 11],
      ["http://x/?[", 10],
      ["http://[x", 7],
    ] as const) {
      expect(() => readShape(text)).toThrow(expect.objectContaining({ name: "TemplateError", offset }));
    }
  });
});

describe("keepsShape", () => {
  const template = readShape(`https://${MARK}.x.com:80/a/${MARK}/?k=${MARK}&l=1`);
  const keeps = (address: string): boolean => keepsShape(readShape(address), template);

  it("allows other values in the same places", () => {
    expect(keeps("https://h.x.com:80/a/b/?k=v&l=1")).toBe(true);
  });

  it.each([
    "http://h.x.com:80/a/b/?k=v&l=1",
    "https://h.i.x.com:80/a/b/?k=v&l=1",
    "https://h.x.com:81/a/b/?k=v&l=1",
    "https://h.x.com/a/b/?k=v&l=1",
    "https://h.x.com:80/a/b/c/?k=v&l=1",
    "https://h.x.com:80/a/b?k=v&l=1",
    "https://h.x.com:80/a//?k=v&l=1",
    "https://h.x.com:80/a/b/?l=v&k=1",
    "https://h.x.com:80/a/b/?k=v&l=1&m=2",
    "https://h.x.com:80/a/b/?k=v",
    "https://h.x.com:80/a/b/?k=v&l=1#f",
  ])("does not allow %s", (address) => {
    expect(keeps(address)).toBe(false);
  });
});
