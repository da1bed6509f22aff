import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SERVER_CERTIFICATE } from "../../test/fakes/certificates.ts";
import {
  createSigningKey,
  DISCOVERY,
  JWKS,
  type ScriptedProvider,
  startScriptedProvider,
} from "../../test/fakes/scripted-provider.ts";
import { type Answer, sends } from "../../test/fakes/scripted-store.ts";
import { createEgress, type EgressOptions, type TlsSettings } from "../egress/egress.ts";
import { ProviderFault } from "./provider-fault.ts";
import { createProviderMetadata } from "./provider-metadata.ts";

let provider: ScriptedProvider;
beforeEach(async () => {
  provider = await startScriptedProvider();
});
afterEach(() => provider.close());

const json = (body: unknown): Answer => sends(JSON.stringify(body));

async function read(issuer = provider.issuer, egress: EgressOptions = {}, tls?: TlsSettings) {
  const reader = tls && (async () => tls);
  const metadata = createProviderMetadata({ issuer, egress: createEgress(egress), tls: reader });
  try {
    return await metadata.readKeys();
  } finally {
    await metadata.close();
  }
}

async function faultOf(...parameters: Parameters<typeof read>): Promise<string> {
  const error: unknown = await read(...parameters).then(
    () => undefined,
    (why: unknown) => why,
  );
  expect(error).toBeInstanceOf(ProviderFault);
  return (error as ProviderFault).message;
}

describe("what a provider publishes", () => {
  it("are its keys, where its discovery document says", async () => {
    expect(await read()).toEqual([provider.key.jwk]);
    expect(provider.asked).toEqual([DISCOVERY, JWKS]);
  });

  it("is found under the path of its issuer, with or without a slash at its end", async () => {
    for (const issuer of [`${provider.issuer}/dex`, `${provider.issuer}/dex/`]) {
      provider.server.answer(`/dex${DISCOVERY}`, json({ issuer, jwks_uri: provider.issuer + JWKS }));
      expect(await read(issuer)).toHaveLength(1);
    }
  });

  it("are only public keys, and at most a hundred", async () => {
    const secret = { jwk: { kty: "oct", k: "c2VjcmV0", kid: "s" } };
    const leaked = { jwk: { ...provider.key.privateKey.export({ format: "jwk" }), kid: "p" } };
    provider.publish(secret, leaked, provider.key);
    expect(await read()).toEqual([provider.key.jwk]);
    const ec = createSigningKey("many", "ES256");
    provider.publish(...Array.from({ length: 150 }, () => ec));
    expect(await read()).toHaveLength(100);
  });

  it.each<[string, string, (issuer: string) => Answer]>([
    [
      "names another issuer in its discovery document",
      DISCOVERY,
      () => json({ issuer: "https://evil.example", jwks_uri: "https://evil.example/keys" }),
    ],
    [
      "names another issuer in its discovery document",
      DISCOVERY,
      (issuer) => json({ issuer: `${issuer}/`, jwks_uri: issuer + JWKS }),
    ],
    [
      "redirects, which is not followed",
      DISCOVERY,
      (issuer) => (response) => response.writeHead(302, { location: issuer + JWKS }).end(),
    ],
    [
      "redirects, which is not followed",
      JWKS,
      () => (response) => response.writeHead(307, { location: "http://169.254.169.254/" }).end(),
    ],
    ["responded with status 404", DISCOVERY, () => (response) => response.writeHead(404).end()],
    ["responded with status 500", JWKS, () => (response) => response.writeHead(500).end("secret words")],
    ["sent a discovery document that cannot be parsed", DISCOVERY, () => sends("<html>Sign in</html>")],
    ["sent a discovery document that cannot be parsed", DISCOVERY, (issuer) => json({ issuer })],
    ["sent a discovery document that cannot be parsed", DISCOVERY, () => json(null)],
    ["sent a key set that cannot be parsed", JWKS, () => sends('{"keys":[')],
    ["sent a key set that cannot be parsed", JWKS, () => json({ keys: "all" })],
    ["publishes no keys", JWKS, () => json({ keys: [] })],
    ["publishes no keys", JWKS, () => json({ keys: ["rubbish", null, { kty: 7 }] })],
    ["sent a document that is too large", JWKS, () => json({ keys: [], filler: "x".repeat(10 * 1024 * 1024) })],
    ["sent a document that is too large", DISCOVERY, () => json({ filler: "x".repeat(10 * 1024 * 1024) })],
    [
      "publishes its keys at an address without TLS",
      DISCOVERY,
      (issuer) => json({ issuer, jwks_uri: "http://127.0.0.1:1/keys" }),
    ],
    [
      "publishes its keys at an address without TLS",
      DISCOVERY,
      (issuer) => json({ issuer, jwks_uri: "file:///etc/passwd" }),
    ],
    ["could not be reached", DISCOVERY, () => (response) => response.destroy()],
  ])("is refused if it %s (%s, %#)", async (message, path, answer) => {
    provider.server.answer(path, answer(provider.issuer));
    expect(await faultOf()).toBe(message);
  });

  it("stops being read when it is too large", async () => {
    let sent = 0;
    provider.server.answer(JWKS, (response) => {
      response.writeHead(200);
      const piece = "x".repeat(256 * 1024);
      const write = (): void => {
        while (!response.destroyed && response.write(piece)) sent += piece.length;
      };
      response.on("drain", write);
      write();
    });
    expect(await faultOf()).toBe("sent a document that is too large");
    await provider.server.untilAnswering(0);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  it("is not asked for where nobody listens", async () => {
    const { issuer } = provider;
    await provider.close();
    expect(await faultOf(issuer)).toBe("refused the connection");
  });
});

describe("the address of a provider", () => {
  it.each([
    ["a metadata service", "https://169.254.169.254"],
    ["a link-local address", "https://[fe80::1]"],
    ["reserved", "https://0.0.0.0"],
  ])("is not connected to if it is %s", async (_, issuer) => {
    expect(await faultOf(issuer)).toBe("has an address that the configuration does not allow");
  });

  it("is not connected to if its name has such an address", async () => {
    const resolve = async () => [{ address: "169.254.169.254", family: 4 }];
    expect(await faultOf("https://id.example.com", { resolve })).toBe(
      "has an address that the configuration does not allow",
    );
  });

  it("is told to be unknown if its name is", async () => {
    const resolve = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    expect(await faultOf("https://id.example.com", { resolve })).toBe("has a host name that could not be resolved");
  });
});

describe("a provider behind TLS", () => {
  const names = { "id.example.com": "127.0.0.1", "keys.example.com": "127.0.0.1" };
  const resolve = async (name: string) => [{ address: names[name as keyof typeof names], family: 4 }];

  let issuer = "";
  const nameIssuer = (name: string): void => {
    issuer = name;
  };

  async function withServer(test: (port: number, host: (jwks: string) => void) => Promise<void>): Promise<void> {
    let jwks = "";
    const server = createServer(SERVER_CERTIFICATE, (request, response) => {
      response.end(
        JSON.stringify(
          request.url === DISCOVERY ? { issuer, jwks_uri: jwks || `${issuer}${JWKS}` } : { keys: [provider.key.jwk] },
        ),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    issuer = `https://127.0.0.1:${port}`;
    try {
      await test(port, (at) => {
        jwks = at;
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  it("is trusted by the configured authority alone", () =>
    withServer(async (port) => {
      const issuer = `https://127.0.0.1:${port}`;
      expect(await read(issuer, {}, { ca: SERVER_CERTIFICATE.cert })).toHaveLength(1);
      expect(await faultOf(issuer)).toBe("could not be verified: TLS failed");
    }));

  it("may lead to another host, whose private address the operator has allowed", () =>
    withServer(async (port, publishAt) => {
      publishAt(`https://127.0.0.1:${port}/keys`);
      const issuer = `https://localhost:${port}`;
      nameIssuer(issuer);
      const tls = { servername: "127.0.0.1", ca: SERVER_CERTIFICATE.cert };
      expect(await read(issuer, { allow: ["127.0.0.1"] }, tls)).toHaveLength(1);
    }));

  it("may not lead to the private address of another host", () =>
    withServer(async (port, publishAt) => {
      const issuer = `https://127.0.0.1:${port}`;
      for (const host of ["keys.example.com", "localhost", "[::1]"]) {
        publishAt(`https://${host}:${port}/keys`);
        const egress = {
          resolve: async (name: string) => (name in names ? resolve(name) : [{ address: "127.0.0.1", family: 4 }]),
        };
        expect(await faultOf(issuer, egress, { ca: SERVER_CERTIFICATE.cert })).toBe(
          "has an address that the configuration does not allow",
        );
      }
    }));
});
