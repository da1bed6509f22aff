import type { Clock } from "../clock.ts";
import type { SecretReader } from "../config-values/secret-reader.ts";
import type { TokenVerifier } from "./authenticator.ts";
import type { KargoAdminSettings } from "./provider-config.ts";
import { providerUnavailable } from "./provider-fault.ts";
import { explainRejection, verifyJwt } from "./verify-jwt.ts";

/**
 * Verifies the tokens that Kargo issues to its admin account, with the key that it signs them with. The admin may read
 * whatever this server may.
 *
 * Kargo gives each such token an audience, and does not check it; this does.
 */
export function createKargoAdmin(
  { issuer, audience }: KargoAdminSettings,
  { name, signingKey, clock }: { readonly name: string; readonly signingKey: SecretReader; readonly clock: Clock },
): TokenVerifier {
  const options = { issuer, audiences: [audience], algorithms: ["HS256"], clock };
  return {
    issuer,
    async verify(token) {
      const key = await signingKey().catch((error: unknown) => {
        throw providerUnavailable(name, error);
      });
      try {
        const { subject, expiresAt } = await verifyJwt(token, Buffer.from(key.reveal()), options);
        if (subject !== "admin") throw new TypeError("The subject is not admin.");
        return {
          issuer,
          username: subject,
          uid: undefined,
          groups: [],
          extra: {},
          expiresAt,
          rights: { kind: "server" },
        };
      } catch (error) {
        throw explainRejection(error);
      }
    },
  };
}
