import { describe, expect, it } from "vitest";
import { matchesHost } from "./host-pattern.ts";

describe("matchesHost", () => {
  it.each([
    ["logs.example.com", "logs.example.com", "443", true],
    ["Logs.example.com", "logs.EXAMPLE.com", "443", true],
    ["*.example.com", "logs.example.com", "8443", true],
    ["*.example.com", "a.logs.example.com", "443", false],
    ["*.example.com", "example.com", "443", false],
    ["*.example.com", "logs.example.com.evil.org", "443", false],
    ["*.example.com", "logsXexample.com", "443", false],
    ["logs.example.com:443", "logs.example.com", "443", true],
    ["*.example.com:443", "logs.example.com", "8443", false],
  ])("with %s for %s at port %s is %s", (pattern, host, port, expected) => {
    expect(matchesHost(pattern, host, port)).toBe(expected);
  });
});
