import { describe, expect, it } from "vitest";
import { demoConfig } from "./config.ts";

describe("demoConfig", () => {
  it("fills in the store's URL everywhere", () => {
    const config = demoConfig("http://127.0.0.1:4711");
    expect(config).not.toContain("STORE_PORT/");
    expect(config.match(/http:\/\/127\.0\.0\.1:4711\//g)).toHaveLength(2);
  });
});
