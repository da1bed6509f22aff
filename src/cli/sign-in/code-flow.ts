import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import { systemTimer } from "../../client/sleep.ts";
import { quoted } from "../../quoted.ts";
import { CliError, EXIT } from "../exit.ts";
import type { CliIo } from "../io.ts";
import { startLoopbackCallback } from "./loopback-callback.ts";
import { openProvider, type ProviderRef, scopeOf } from "./provider-client.ts";
import { type ProviderTokens, tokensOf } from "./provider-tokens.ts";

/** How long the user has to sign in, in milliseconds. */
const BROWSER_MS = 300_000;

/** When the user is told what may be wrong, in milliseconds. */
const HINT_MS = 20_000;

/**
 * Signs in with the browser of this computer: authorization code with PKCE, to a port of the loopback interface
 * (RFC 8252).
 *
 * @param port the port to listen on; 0: a free one.
 * @throws CliError if it fails.
 */
export async function signInByCode(provider: ProviderRef, io: CliIo, port: number): Promise<ProviderTokens> {
  const { timer = systemTimer, signal, say } = io;
  const { config, run } = await openProvider(provider, io, signal);
  const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
  const callback = await startLoopbackCallback(port, state, () =>
    say("note: ignored an answer that belongs to another sign-in (wrong state)"),
  );
  try {
    const url = buildAuthorizationUrl(config, {
      redirect_uri: callback.redirectUri,
      scope: scopeOf(config, provider.scopes),
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    say(`To sign in to ${provider.name}, open this link in a browser on this computer (elsewhere: --device):`);
    say(`  ${url}`);
    await io.openPage?.(url.href);
    io.status?.("waiting for the browser");
    // Providers show their own error to the browser, and tell nobody else.
    const cancelHint = timer(HINT_MS, () =>
      say(
        `note: still waiting. If the browser shows an error, the provider must allow ${callback.redirectUri} for the ` +
          `client ${quoted(provider.cliClientId)}: tell the server's operator. Ctrl-C ends this`,
      ),
    );
    const answer = await withLimit(callback.answer, timer, signal).finally(cancelHint);
    try {
      const tokens = await run(() =>
        authorizationCodeGrant(config, new URL(callback.redirectUri + answer.query), {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        }),
      );
      const result = tokensOf(tokens, provider);
      answer.respond(200, "You are signed in. You can close this page.");
      return result;
    } catch (error) {
      answer.respond(400, "You are not signed in. The terminal says why. You can close this page.");
      throw error;
    }
  } finally {
    io.status?.("");
    callback.close();
  }
}

function withLimit<T>(answer: Promise<T>, timer: NonNullable<CliIo["timer"]>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => settle(() => reject(signal.reason));
    const cancel = timer(BROWSER_MS, () =>
      settle(() =>
        reject(
          new CliError(EXIT.denied, `nobody has signed in within ${BROWSER_MS / 60_000} minutes`, [
            "try     taffrail login; without a browser on this computer: taffrail login --device",
          ]),
        ),
      ),
    );
    const settle = (how: () => void): void => {
      cancel();
      signal.removeEventListener("abort", abort);
      how();
    };
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    void answer.then((value) => settle(() => resolve(value)));
  });
}
