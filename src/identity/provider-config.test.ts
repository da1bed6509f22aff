import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/config-error.ts";
import { parseConfig } from "../config/load.ts";

const clock = { now: () => 0 };
const parse = (providers: unknown, env: NodeJS.ProcessEnv = {}) =>
  parseConfig(JSON.stringify({ identity: { providers } }), { name: "t.yaml", folder: "/nowhere", env, clock });

function faultsOf(providers: unknown, env?: NodeJS.ProcessEnv): readonly string[] {
  try {
    parse(providers, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map((fault) => fault.replace(/^t\.yaml:\d+:\d+: /, ""));
    throw error;
  }
  return [];
}

const OIDC = { issuer: "https://id.example.com", clientId: "taffrail" };
const ADMIN = { issuer: "https://kargo.example.com", audience: "kargo.example.com", signingKey: { env: "KEY" } };

describe("identity.providers", () => {
  it("are the cluster alone by default", () => {
    const { providers } = parseConfig("", { name: "t.yaml", folder: ".", env: {}, clock });
    expect(providers).toEqual([{ kind: "kubernetes", name: "kubernetes" }]);
  });

  it("have the defaults of kube-apiserver, and of Kargo", () => {
    const { providers } = parse([
      { name: "a", oidc: OIDC },
      { name: "b", kargo: { ...OIDC, issuer: "https://kargo.example.com/dex" } },
    ]);
    expect(providers).toMatchObject([
      {
        kind: "oidc",
        settings: {
          usernameClaim: "sub",
          usernamePrefix: "",
          groupsPrefix: "",
          scopes: ["openid", "profile", "email"],
        },
      },
      {
        kind: "kargo",
        settings: {
          usernameClaim: "email",
          globalNamespaces: ["kargo"],
          scopes: ["openid", "profile", "email", "groups"],
        },
      },
    ]);
  });

  it("leave the cluster out unless it is one of them", () => {
    expect(parse([{ name: "a", oidc: OIDC }]).providers.map(({ kind }) => kind)).toEqual(["oidc"]);
    expect(
      parse([
        { name: "k", kubernetes: {} },
        { name: "a", oidc: OIDC },
      ]).providers,
    ).toHaveLength(2);
  });

  it("are each of one kind", () => {
    const fault = "identity.providers[0] must have either kubernetes or oidc or kargo or kargoAdmin";
    expect(faultsOf([{ name: "a" }])).toEqual([fault]);
    expect(faultsOf([{ name: "a", kubernetes: {}, oidc: OIDC }])).toEqual([fault]);
  });

  it("may not share a name or an issuer, whatever their kinds", () => {
    expect(
      faultsOf([
        { name: "a", oidc: OIDC },
        { name: "a", kubernetes: {} },
      ]),
    ).toEqual(['duplicate provider name "a"']);
    expect(
      faultsOf([
        { name: "a", oidc: OIDC },
        { name: "b", kargo: OIDC },
      ]),
    ).toEqual(["another provider has the issuer https://id.example.com"]);
    expect(
      faultsOf([
        { name: "a", kubernetes: {} },
        { name: "b", kubernetes: {} },
      ]),
    ).toEqual(["there is another provider of kind kubernetes"]);
  });

  it.each([
    "http://id.example.com",
    "https://id.example.com?tenant=a",
    "https://id.example.com#a",
    "https://user:password@id.example.com",
    "ftp://id.example.com",
    "id.example.com",
    "",
    "http://127.0.0.1.example.com",
  ])("have an issuer that is a plain https URL: not %j", (issuer) => {
    expect(faultsOf([{ name: "a", oidc: { ...OIDC, issuer } }])).toEqual([
      "identity.providers[0].oidc.issuer must be an https URL without a query, exactly as in the tokens",
    ]);
  });

  it.each(["https://id.example.com/realms/a/", "http://localhost:5556/dex", "http://127.0.0.1:5556", "http://[::1]:1"])(
    "may have the issuer %s",
    (issuer) => {
      expect(faultsOf([{ name: "a", oidc: { ...OIDC, issuer } }])).toEqual([]);
    },
  );

  it("may have more parameters for signing in, but not the sign-in's own", () => {
    const withParameters = (authorizationParameters: object) =>
      faultsOf([{ name: "a", oidc: { ...OIDC, authorizationParameters } }]);
    expect(withParameters({ access_type: "offline", prompt: "consent" })).toEqual([]);
    expect(withParameters({ prompt: "none" })).toEqual([
      "identity.providers[0].oidc.authorizationParameters.prompt must not be none: then nobody could sign in",
    ]);
    for (const own of ["state", "nonce", "redirect_uri", "code_challenge", "request_uri"]) {
      expect(withParameters({ [own]: "x" })).toEqual([
        expect.stringMatching(
          /^identity\.providers\[0\]\.oidc\.authorizationParameters.* is set by the sign-in itself$/,
        ),
      ]);
    }
  });

  it("hold references to secrets, which must exist", () => {
    expect(
      faultsOf([
        { name: "a", kargoAdmin: ADMIN },
        { name: "b", oidc: { ...OIDC, caFile: "ca.pem", clientSecret: { file: "secret" } } },
      ]),
    ).toEqual([
      "the environment variable KEY is not set: set it, or name another",
      "the file ca.pem does not exist: create it, or name another",
      "the file secret does not exist: create it, or name another",
    ]);
    expect(
      parse([{ name: "a", kargoAdmin: ADMIN }], { KEY: "0123456789abcdef0123456789abcdef" }).providers,
    ).toHaveLength(1);
    // As long as the one in Kargo's quick start.
    expect(faultsOf([{ name: "a", kargoAdmin: ADMIN }], { KEY: "0123456789abcdef0123456789ab" })).toEqual([
      "the environment variable KEY holds fewer than 32 bytes: use a longer secret",
    ]);
  });

  it("are told of keys that they do not know", () => {
    expect(faultsOf([{ name: "a", oidc: { ...OIDC, userNameClaim: "email" } }])).toEqual([
      'unknown key "userNameClaim". Did you mean "usernameClaim"?',
    ]);
    expect(faultsOf([{ name: "a", kubernetes: { audiences: [] } }])).toHaveLength(1);
  });

  it("map claims in namespaces alone", () => {
    expect(faultsOf([{ name: "a", kargo: { ...OIDC, globalNamespaces: ["kargo/x"] } }])).toEqual([
      "identity.providers[0].kargo.globalNamespaces[0] must be a namespace name",
    ]);
  });
});
