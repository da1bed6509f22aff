import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { parseConfig } from "../config/load.ts";
import { demoConfig } from "./config.ts";

const STORE = "http://127.0.0.1:4711";

describe("demoConfig", () => {
  it("is a valid configuration whose addresses are all the store's", () => {
    const text = demoConfig(STORE);
    const { links } = parseConfig(text, {
      name: "config.yaml",
      folder: ".",
      env: { TAFFRAIL_DEMO_STORE_TOKEN: "token" },
      clock: systemClock,
    });
    expect(links.map((link) => link.kind === "page" && link.url.origin)).toEqual([STORE]);
    const origins = text.match(/https?:\/\/[^/]+/g) ?? [];
    expect(origins.length).toBeGreaterThan(1);
    expect(new Set(origins)).toEqual(new Set([STORE]));
  });
});
