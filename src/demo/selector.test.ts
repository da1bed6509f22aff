import { describe, expect, it } from "vitest";
import { parseSelector } from "./selector.ts";

const LABELS = { app: "web", "kargo.akuity.io/stage": "uat", empty: "" };

describe("parseSelector", () => {
  it.each([
    ["", true],
    ["app=web", true],
    ["app==web", true],
    ["app = web", true],
    ["app=api", false],
    ["app!=api", true],
    ["app!=web", false],
    ["gone!=web", true],
    ["kargo.akuity.io/stage=uat,app=web", true],
    ["kargo.akuity.io/stage=uat,app=api", false],
    ["app in (api, web)", true],
    ["app in (api),kargo.akuity.io/stage=uat", false],
    ["app notin (api, web)", false],
    ["gone notin (api)", true],
    ["app", true],
    ["gone", false],
    ["!gone", true],
    ["!app", false],
    ["empty=", true],
    ["toString", false],
  ])("decides %j", (text, expected) => {
    expect(parseSelector(text)?.(LABELS)).toBe(expected);
  });

  it.each(["app=web)", "app in web", "=web", "app>1", "a b"])("refuses %j", (text) => {
    expect(parseSelector(text)).toBeUndefined();
  });
});
