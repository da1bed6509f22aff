import { describe, expect, it } from "vitest";
import { CliError } from "./exit.ts";
import { serverAddress } from "./server-address.ts";

describe("a server's address", () => {
  it.each([
    ["taffrail.example.com", "https://taffrail.example.com"],
    ["taffrail.example.com:8443/base/", "https://taffrail.example.com:8443/base"],
    ["localhost:8080", "http://localhost:8080"],
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["[::1]:8080", "http://[::1]:8080"],
    ["http://taffrail.example.com/", "http://taffrail.example.com"],
    ["localhost.example.com", "https://localhost.example.com"],
    ["127.0.0.1.example.com", "https://127.0.0.1.example.com"],
  ])("given as %s is %s", (named, address) => {
    expect(serverAddress(named)).toBe(address);
  });

  it.each(["", "http://", "https://ann:hunter2@example.com", "example.com?x=1", "example.com#x", "a b"])(
    "is refused if invalid, and not shown: %j",
    (named) => {
      let thrown: unknown;
      try {
        serverAddress(named);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(CliError);
      expect(JSON.stringify([String(thrown), (thrown as CliError).lines])).not.toContain("hunter2");
    },
  );
});
