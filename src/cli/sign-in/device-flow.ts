import { genericGrantRequest, initiateDeviceAuthorization, ResponseBodyError } from "openid-client";
import { sleep, systemTimer } from "../../client/sleep.ts";
import { quoted } from "../../quoted.ts";
import { CliError, EXIT } from "../exit.ts";
import type { CliIo } from "../io.ts";
import { openProvider, type ProviderRef, scopeOf } from "./provider-client.ts";
import { providerError } from "./provider-error.ts";
import { type ProviderTokens, tokensOf } from "./provider-tokens.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
/** RFC 8628, 3.2 and 3.5: the interval if the provider names none, and by how much `slow_down` lengthens it. */
const INTERVAL_S = 5;

/**
 * Signs in with a browser of any device, by a code that the user enters there (RFC 8628).
 *
 * @throws CliError if it fails.
 */
export async function signInByDevice(provider: ProviderRef, io: CliIo): Promise<ProviderTokens> {
  const { timer = systemTimer, signal, say } = io;
  const { config, run } = await openProvider(provider, io, signal);
  if (config.serverMetadata().device_authorization_endpoint === undefined) {
    throw new CliError(EXIT.other, `the identity provider ${quoted(provider.name)} has no sign-in by device code`, [
      "try     taffrail login without --device, or --token-stdin",
    ]);
  }
  const device = await run(() => initiateDeviceAuthorization(config, { scope: scopeOf(config, provider.scopes) }));
  say(`To sign in to ${provider.name}, open this link in a browser on any device, and enter the code:`);
  say(`  link  ${device.verification_uri}`);
  say(`  code  ${device.user_code}`);
  if (device.verification_uri_complete !== undefined) say(`  or    ${device.verification_uri_complete}`);
  say(`The code is valid for ${Math.ceil(device.expires_in / 60)} minutes. Enter it only if you started this sign-in.`);
  io.status?.("waiting for the sign-in");
  try {
    let interval = device.interval ?? INTERVAL_S;
    for (let waited = 0; waited < device.expires_in; ) {
      await sleep(interval * 1_000, signal, timer);
      waited += interval;
      try {
        const response = await genericGrantRequest(config, GRANT, { device_code: device.device_code });
        return tokensOf(response, provider);
      } catch (error) {
        signal.throwIfAborted();
        const code = error instanceof ResponseBodyError ? error.error : "";
        if (code === "slow_down") interval += INTERVAL_S;
        else if (code === "invalid_grant") throw expired();
        else if (code !== "authorization_pending") {
          const fault = providerError(error, provider.name, { clientId: provider.cliClientId });
          // RFC 8628, section 3.5: a provider that does not answer is asked less often. The user may be typing the code.
          if (fault.exitCode !== EXIT.incomplete) throw fault;
          interval += INTERVAL_S;
        }
      }
    }
    throw expired();
  } finally {
    io.status?.("");
  }
}

function expired(): CliError {
  return new CliError(EXIT.denied, "the code has expired before it was entered", ["try     taffrail login --device"]);
}
