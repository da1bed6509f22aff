import { describe, expect, it } from "vitest";
import { readClaimAnnotations } from "./claim-annotations.ts";

const read = (annotations: Record<string, unknown>) =>
  Object.fromEntries([...readClaimAnnotations(annotations)].map(([name, values]) => [name, [...values]]));
const claims = (value: unknown) => ({
  "rbac.kargo.akuity.io/claims": typeof value === "string" ? value : JSON.stringify(value),
});

describe("the annotations of a ServiceAccount", () => {
  it("name claims and their values as JSON, which are trimmed", () => {
    expect(read(claims({ email: [" ann@example.com "], "cognito:groups": ["devops", "leads", ""] }))).toEqual({
      email: ["ann@example.com"],
      "cognito:groups": ["devops", "leads"],
    });
  });

  it("name them one by one in the older form, separated by commas", () => {
    expect(
      read({ "rbac.kargo.akuity.io/claim.groups": "devops, leads,,", "rbac.kargo.akuity.io/claim.cognito:x": "y" }),
    ).toEqual({ groups: ["devops", "leads"], "cognito:x": ["y"] });
  });

  it("count in both forms at once", () => {
    const both = { ...claims({ groups: ["devops"] }), "rbac.kargo.akuity.io/claim.groups": "leads" };
    expect(read(both)).toEqual({ groups: ["devops", "leads"] });
  });

  it.each([
    ["a scalar instead of a list", { email: "ann@example.com" }],
    ["a scalar beside a list", { groups: ["devops"], email: "ann@example.com" }],
    ["a number in a list", { groups: ["devops", 7] }],
    ["a nested object", { groups: { name: ["devops"] } }],
    ["a nested list", { groups: [["devops"]] }],
    ["a list", ["devops"]],
    ["a text", '"devops"'],
    ["null", "null"],
    ["no JSON", "groups: [devops]"],
    ["nothing", ""],
  ])("are ignored as a whole if they hold %s", (_, value) => {
    expect(read(claims(value))).toEqual({});
  });

  it("may hold an empty list, or null in place of one", () => {
    expect(read(claims({ groups: [], email: null, team: ["a"] }))).toEqual({ team: ["a"] });
  });

  it.each(["rbac.kargo.akuity.io/claim.", "rbac.kargo.akuity.io/claim", "rbac.kargo.akuity.io/claimsx", "claims"])(
    "are others if they are named %s",
    (name) => {
      expect(read({ [name]: "devops" })).toEqual({});
    },
  );

  it("are only texts", () => {
    expect(read({ "rbac.kargo.akuity.io/claims": { groups: ["devops"] } })).toEqual({});
  });

  it("may name the properties that every object of JavaScript has", () => {
    expect(readClaimAnnotations(claims('{"__proto__":["a"],"constructor":["b"]}')).get("constructor")).toEqual(
      new Set(["b"]),
    );
    expect(readClaimAnnotations(claims({})).get("constructor")).toBeUndefined();
  });
});
