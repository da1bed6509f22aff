import { afterEach, describe, expect, it } from "vitest";
import { creatingApi } from "../../test/fakes/kube-api.ts";
import { type ScriptedProvider, signToken, startScriptedProvider } from "../../test/fakes/scripted-provider.ts";
import { parseConfig } from "../config/load.ts";
import { Secret } from "../secret.ts";
import { createLog } from "../telemetry/log.ts";
import { createProviders, type Providers } from "./providers.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");
const clock = { now: () => NOW };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function startCorp(change: (issuer: string) => object) {
  const provider = await startScriptedProvider();
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  const oidc = { issuer: provider.issuer, clientId: "taffrail", usernamePrefix: "-", ...change(provider.issuer) };
  const text = JSON.stringify({ identity: { providers: [{ name: "corp", oidc }] } });
  const { providers, egress } = parseConfig(text, { name: "t.yaml", folder: ".", env: {}, clock });
  const opened = createProviders(providers, { kube: creatingApi(() => undefined), egress, clock, log, audiences: [] });
  closing.push(opened.close, provider.close);
  return { provider, opened, lines };
}

const verify = ({ verifiers }: Providers, provider: ScriptedProvider, claims: object) => {
  const seconds = NOW / 1_000;
  const times = { iat: seconds, exp: seconds + 3_600 };
  const token = signToken(provider.key, { iss: provider.issuer, aud: "taffrail", sub: "7", ...times, ...claims });
  return verifiers[0]?.verify(new Secret(token));
};

describe("identity providers", () => {
  it("are read at the start, so that operators see that all is well before anybody signs in", async () => {
    const { opened, lines } = await startCorp(() => ({}));
    expect(opened.health()[0]?.keys).toMatchObject({ keys: 0, lastSuccessAt: undefined });
    await opened.warm();
    expect(opened.health()[0]?.keys).toMatchObject({ keys: 1, lastSuccessAt: NOW, lastFailure: undefined });
    expect(lines).toEqual([]);
  });

  it("are known at the start to have another issuer than the configuration says", async () => {
    const { opened, lines, provider } = await startCorp((issuer) => ({ issuer: `${issuer}/` }));
    await opened.warm();
    const message = "names another issuer in its discovery document";
    expect(opened.health()[0]?.keys?.lastFailure).toEqual({ at: NOW, message });
    expect(lines).toMatchObject([{ provider: "corp", msg: "the keys of the identity provider cannot be read" }]);
    // Both, for the slash.
    expect(JSON.stringify(lines[0])).toContain(
      `\\"${provider.issuer}\\", and the configuration \\"${provider.issuer}/\\"`,
    );
    await expect(verify(opened, provider, {})).rejects.toMatchObject({
      reason: "IDENTITY_PROVIDER_UNAVAILABLE",
      next: "Tell an operator: the server's log says why.",
    });
  });

  it("are told of once if their tokens have no claim with groups", async () => {
    const { opened, lines, provider } = await startCorp(() => ({ groupsClaim: "group" }));
    for (const _ of [1, 2]) await verify(opened, provider, { groups: ["devops"] });
    expect(lines).toMatchObject([
      { provider: "corp", claim: "group", claims: ["iss", "aud", "sub", "iat", "exp", "groups"] },
    ]);
    expect(JSON.stringify(lines)).not.toContain("devops");
  });

  it("are not told of if groups were left out, are none, or are not asked for", async () => {
    const { opened, lines, provider } = await startCorp(() => ({ groupsClaim: "groups" }));
    await verify(opened, provider, { groups: [] });
    await verify(opened, provider, { _claim_names: { groups: "elsewhere" } });
    await verify(opened, provider, { hasgroups: true });
    const plain = await startCorp(() => ({}));
    await verify(plain.opened, plain.provider, {});
    expect([lines, plain.lines]).toEqual([[], []]);
  });
});
