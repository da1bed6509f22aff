import * as z from "zod";
import type { Clock } from "../clock.ts";
import { openSecret, type SecretReader, SecretRef } from "../config-values/secret-reader.ts";
import { openTlsFiles, type TlsReader } from "../config-values/tls-files.ts";
import { isNamespaceName } from "../kube/names.ts";
import { isLoopbackHost } from "../loopback-host.ts";

/** The least that a key for HS256 must have (RFC 7518 §3.2). A shorter one could be guessed from one token. */
const KEY_BYTES = 32;

/** Whether a text can be the issuer of an OpenID provider: plain http only on this machine. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || /[?#\s]/.test(text) || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
}

/** The parameters that make the sign-in what it is (OpenID Connect Core 1.0 §3.1.2.1, §6; RFC 7636 §4.3). */
const OWN_PARAMETERS: ReadonlySet<string> = new Set([
  ...["client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce"],
  ...["code_challenge", "code_challenge_method", "request", "request_uri"],
]);

const Text = z.string().min(1);
const openId = {
  issuer: z
    .string()
    .refine(isIssuer, "must be an https URL without a query, exactly as in the tokens")
    .describe("The issuer of the tokens, exactly as in their claim `iss`."),
  clientId: Text.describe("The client that tokens are issued to: they must have it as their audience."),
  cliClientId: Text.optional().describe("The client of the command line, if it is another one."),
  clientSecret: SecretRef.optional(),
  scopes: z
    .array(z.string().regex(/^[!#-[\]-~]+$/, "must be a scope"))
    .default(["openid", "profile", "email"])
    .describe("The scopes that clients ask for. Default: openid, profile, email."),
  authorizationParameters: z
    .record(
      z.string().refine((name) => !OWN_PARAMETERS.has(name), "is set by the sign-in itself"),
      z.string(),
    )
    .refine(({ prompt }) => !prompt?.split(" ").includes("none"), {
      path: ["prompt"],
      message: "must not be none: then nobody could sign in",
    })
    .default({})
    .describe("More parameters for the provider's page to sign in, such as `prompt: consent`. Default: none."),
  caFile: Text.optional().describe("The CA certificates (PEM) to trust instead of the public ones."),
};

const Oidc = z
  .strictObject({
    ...openId,
    usernameClaim: Text.default("sub").describe("As --oidc-username-claim of kube-apiserver. Default sub."),
    usernamePrefix: z
      .string()
      .default("")
      .describe("As --oidc-username-prefix: `-` means none. Default: ISSUER#, and none for the claim email."),
    groupsClaim: Text.optional().describe("As --oidc-groups-claim. Default: users have no groups."),
    groupsPrefix: z.string().default("").describe("As --oidc-groups-prefix. Default: none."),
  })
  .describe("An OpenID provider whose users have the rights that the cluster gives to their user names and groups.");

const Kargo = z
  .strictObject({
    ...openId,
    scopes: openId.scopes.unwrap().default(["openid", "profile", "email", "groups"]),
    usernameClaim: Text.default("email").describe("The claim that names the user. Default email."),
    globalNamespaces: z
      .array(z.string().refine(isNamespaceName, "must be a namespace name"))
      .default(["kargo"])
      .describe("The namespaces whose annotated ServiceAccounts count in all projects. Default: kargo."),
  })
  .describe(
    "Kargo's OpenID provider: users have the rights of the ServiceAccounts that are annotated with their claims.",
  );

const KargoAdmin = z
  .strictObject({
    issuer: Text.describe("Kargo's ADMIN_ACCOUNT_TOKEN_ISSUER."),
    audience: Text.describe("Kargo's ADMIN_ACCOUNT_TOKEN_AUDIENCE."),
    signingKey: SecretRef,
  })
  .describe("Kargo's admin account: whoever has its token may read whatever this server may.");

const KINDS = ["kubernetes", "oidc", "kargo", "kargoAdmin"] as const;

/** An identity provider in a configuration. */
export const IdentityProvider = z
  .strictObject({
    name: z.string().min(1).max(63).describe("What callers are told that this provider is called."),
    kubernetes: z
      .strictObject({})
      .optional()
      .describe("Tokens that the cluster knows: all that are for none of the other providers."),
    oidc: Oidc.optional(),
    kargo: Kargo.optional(),
    kargoAdmin: KargoAdmin.optional(),
  })
  .refine(
    (provider) => KINDS.filter((kind) => provider[kind] !== undefined).length === 1,
    "must have either kubernetes or oidc or kargo or kargoAdmin",
  );

export type OidcSettings = z.output<typeof Oidc>;
export type KargoSettings = z.output<typeof Kargo>;
export type KargoAdminSettings = z.output<typeof KargoAdmin>;
export type ProviderSettings = z.output<typeof IdentityProvider>;

interface OpenIdFiles {
  readonly name: string;
  /** `undefined`: the public authorities are trusted. */
  readonly tls: TlsReader | undefined;
  /** `undefined`: the client has none. */
  readonly clientSecret: SecretReader | undefined;
}

/** An identity provider whose files have been opened. */
export type CompiledProvider =
  | { readonly kind: "kubernetes"; readonly name: string }
  | (OpenIdFiles & { readonly kind: "oidc"; readonly settings: OidcSettings })
  | (OpenIdFiles & { readonly kind: "kargo"; readonly settings: KargoSettings })
  | {
      readonly kind: "kargoAdmin";
      readonly name: string;
      readonly settings: KargoAdminSettings;
      readonly signingKey: SecretReader;
    };

export interface CompileProviderOptions {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Runs work that may throw. An error becomes a fault of the configuration, and the result is `undefined`. */
  attempt<T>(path: readonly PropertyKey[], work: () => T): T | undefined;
}

/**
 * Opens the secrets and certificates of identity providers. No two may have one name, or be for the same tokens.
 *
 * @returns those without faults. Without any providers: the cluster alone.
 */
export function compileProviders(
  providers: readonly ProviderSettings[],
  options: CompileProviderOptions,
): readonly CompiledProvider[] {
  const { attempt } = options;
  if (providers.length === 0) return [{ kind: "kubernetes", name: "kubernetes" }];
  const names = new Set<string>();
  const issuers = new Set<string | undefined>();
  return providers.flatMap((provider, index) => {
    const path = ["identity", "providers", index];
    const { name, oidc, kargo, kargoAdmin } = provider;
    const issuer = (oidc ?? kargo ?? kargoAdmin)?.issuer;
    attempt([...path, "name"], () => {
      if (names.has(name)) throw new Error(`duplicate provider name "${name}"`);
    });
    attempt(path, () => {
      if (!issuers.has(issuer)) return;
      throw new Error(
        issuer === undefined
          ? "there is another provider of kind kubernetes"
          : `another provider has the issuer ${issuer}`,
      );
    });
    names.add(name);
    issuers.add(issuer);
    return compileProvider(provider, path, options) ?? [];
  });
}

function compileProvider(
  { name, oidc, kargo, kargoAdmin }: ProviderSettings,
  path: readonly PropertyKey[],
  { folder, env, clock, attempt }: CompileProviderOptions,
): CompiledProvider | undefined {
  const openFiles = (kind: string, { caFile, clientSecret }: OidcSettings | KargoSettings): OpenIdFiles => ({
    name,
    tls:
      caFile === undefined
        ? undefined
        : attempt([...path, kind, "caFile"], () => openTlsFiles({ caFile }, folder, clock)),
    clientSecret:
      clientSecret && attempt([...path, kind, "clientSecret"], () => openSecret(clientSecret, folder, env, clock)),
  });
  if (oidc !== undefined) return { kind: "oidc", settings: oidc, ...openFiles("oidc", oidc) };
  if (kargo !== undefined) return { kind: "kargo", settings: kargo, ...openFiles("kargo", kargo) };
  if (kargoAdmin === undefined) return { kind: "kubernetes", name };
  const signingKey = attempt([...path, "kargoAdmin", "signingKey"], () =>
    openSecret(kargoAdmin.signingKey, folder, env, clock, KEY_BYTES),
  );
  return signingKey && { kind: "kargoAdmin", name, settings: kargoAdmin, signingKey };
}
