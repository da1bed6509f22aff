import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import { type ClaimNames, isOmitted, userOf } from "./claims.ts";

const ISSUER = "https://id.example.com";
const user = (claims: Record<string, unknown>, names: Partial<ClaimNames> = {}) =>
  userOf(claims, ISSUER, { usernameClaim: "sub", groupsPrefix: "", ...names });

function refusalOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("It was accepted.");
}

describe("the user name of a token", () => {
  it.each<[string, Partial<ClaimNames>, string]>([
    ["the issuer, # and the subject by default", {}, `${ISSUER}#7`],
    ["another claim, prefixed in the same way", { usernameClaim: "name" }, `${ISSUER}#Ann`],
    ["an e-mail address as it is", { usernameClaim: "email" }, "ann@example.com"],
    ["what the prefix says", { usernamePrefix: "oidc:" }, "oidc:7"],
    [
      "an e-mail address behind the prefix, if there is one",
      { usernameClaim: "email", usernamePrefix: "oidc:" },
      "oidc:ann@example.com",
    ],
    ["the claim alone with the prefix -", { usernamePrefix: "-" }, "7"],
    ["an e-mail address alone with the prefix -", { usernameClaim: "email", usernamePrefix: "-" }, "ann@example.com"],
  ])("is %s", (_, names, expected) => {
    expect(user({ sub: "7", name: "Ann", email: "ann@example.com" }, names).username).toBe(expected);
  });

  it.each<[string, unknown]>([
    ["missing", undefined],
    ["empty", ""],
    ["null", null],
    ["a number", 7],
    ["a boolean", true],
    ["a list", ["ann"]],
    ["an object", { value: "ann" }],
  ])("is refused if its claim is %s", (_, value) => {
    expect(refusalOf(() => user({ name: value }, { usernameClaim: "name" }))).toMatchObject({
      kind: "unauthenticated",
      reason: "TOKEN_REFUSED",
      message: 'The token has no text in its claim "name", which names the user.',
    });
  });

  it("is no property that every object of JavaScript has", () => {
    expect(refusalOf(() => user({ sub: "7" }, { usernameClaim: "constructor" })).reason).toBe("TOKEN_REFUSED");
  });

  it.each([false, "true", "false", null, 1, {}])("is refused if the e-mail address is verified: %j", (verified) => {
    const claims = { sub: "7", email: "ann@example.com", email_verified: verified };
    expect(refusalOf(() => user(claims, { usernameClaim: "email" })).message).toContain("has not verified");
    expect(user(claims).username).toBe(`${ISSUER}#7`);
  });

  it("may be an e-mail address that is verified, or of which the token does not say it", () => {
    expect(user({ email: "a@b", email_verified: true }, { usernameClaim: "email" }).username).toBe("a@b");
    expect(user({ email: "a@b" }, { usernameClaim: "email" }).username).toBe("a@b");
  });

  it.each<[string, Partial<ClaimNames>]>([
    ["system:serviceaccount:kube-system:admin", { usernamePrefix: "-" }],
    ["admin", { usernamePrefix: "system:" }],
  ])("is never one of Kubernetes itself: %s", (sub, names) => {
    expect(refusalOf(() => user({ sub }, names)).message).toContain("reserved");
  });
});

describe("the groups of a token", () => {
  const groups = (claims: Record<string, unknown>, groupsPrefix = "") =>
    user({ sub: "7", ...claims }, { groupsClaim: "groups", groupsPrefix }).groups;

  it("are those of the claim, each with the prefix, and that of everybody", () => {
    expect(groups({ groups: ["a", "b"] }, "oidc:")).toEqual(["oidc:a", "oidc:b", "system:authenticated"]);
  });

  it("may be one text, null, or missing", () => {
    expect(groups({ groups: null })).toEqual(["system:authenticated"]);
    expect(groups({ groups: "a" })).toEqual(["a", "system:authenticated"]);
    expect(groups({ groups: [] })).toEqual(["system:authenticated"]);
    expect(groups({})).toEqual(["system:authenticated"]);
  });

  it("are none unless a claim is configured", () => {
    expect(user({ sub: "7", groups: ["a"] }).groups).toEqual(["system:authenticated"]);
  });

  it.each([[7], [{ a: "b" }], [["a", 7]], [[["a"]]], [[null]], [true]])("are refused if they are %j", (value) => {
    expect(refusalOf(() => groups({ groups: value }))).toMatchObject({
      reason: "TOKEN_REFUSED",
      message: "The token's claim \"groups\", which names the user's groups, is not a list of texts.",
    });
  });

  it("are never those of Kubernetes itself", () => {
    expect(groups({ groups: ["system:masters", "a", "system:nodes"] })).toEqual(["a", "system:authenticated"]);
    expect(groups({ groups: ["masters", "a"] }, "system:")).toEqual(["system:authenticated"]);
    expect(groups({ groups: ["system:masters"] }, "oidc:")).toEqual(["oidc:system:masters", "system:authenticated"]);
  });

  it("may be ten thousand", () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `group-${index}`);
    expect(groups({ groups: many })).toHaveLength(10_001);
  });
});

describe("a claim that the provider left out", () => {
  const NAMES = { _claim_names: { groups: "src1" }, _claim_sources: { src1: { endpoint: "https://graph.example" } } };

  it.each<[string, Record<string, unknown>, boolean]>([
    ["is named in _claim_names", NAMES, true],
    ["is told by hasgroups", { hasgroups: true }, true],
    ["is not left out if it is there as well", { ...NAMES, groups: ["a"] }, false],
    ["is another one", { _claim_names: { roles: "src1" } }, false],
    ["is none if _claim_names is a text", { _claim_names: "groups" }, false],
    ["is none if _claim_names is null", { _claim_names: null }, false],
    ["is none in other tokens", {}, false],
  ])("%s", (_, claims, expected) => {
    expect(isOmitted(claims, "groups")).toBe(expected);
    const names = { groupsClaim: "groups", usernameClaim: "sub", groupsPrefix: "" };
    expect(userOf({ sub: "7", ...claims }, ISSUER, names).groupsOmitted).toBe(expected);
    expect(user({ sub: "7", ...claims }).groupsOmitted).toBe(false);
  });
});
