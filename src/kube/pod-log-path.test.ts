import { describe, expect, it } from "vitest";
import { podLogPath } from "./pod-log-path.ts";

const POD = { namespace: "shop", name: "pod-1", container: "main", previous: false };

describe("the path of a log", () => {
  it("names only the container for its whole log", () => {
    expect(podLogPath("/pods", POD, {})).toBe("/pods/pod-1/log?container=main");
    expect(podLogPath("/pods", POD, { follow: false, timestamps: false })).toBe("/pods/pod-1/log?container=main");
  });

  it("contains the requested options", () => {
    const options = { follow: true, timestamps: true, tailLines: 0, sinceTime: "2026-01-01T00:00:00Z" };
    expect(podLogPath("/pods", { ...POD, previous: true }, options)).toBe(
      "/pods/pod-1/log?container=main&previous=true&follow=true&timestamps=true&tailLines=0&sinceTime=2026-01-01T00%3A00%3A00Z",
    );
  });

  it("escapes names that would lead elsewhere", () => {
    expect(podLogPath("/pods", { ...POD, name: "../a?b", container: "a&previous=true" }, {})).toBe(
      "/pods/..%2Fa%3Fb/log?container=a%26previous%3Dtrue",
    );
  });
});
