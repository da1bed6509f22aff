import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FIRST_CLIENT, SECOND_CLIENT, SERVER_CERTIFICATE } from "../../test/fakes/certificates.ts";
import type { TlsSettings } from "../egress/egress.ts";
import { Secret } from "../secret.ts";
import { openTlsFiles, readServerTls } from "./tls-files.ts";

const REREAD_MS = 10_000;
/** The settings with the key as it goes to TLS. */
const shown = (settings: TlsSettings): object =>
  settings.key instanceof Secret ? { ...settings, key: settings.key.reveal() } : settings;

const PAIR = { certFile: "tls.crt", keyFile: "tls.key" };

describe("openTlsFiles", () => {
  let folder: string;
  let now: number;
  const clock = { now: () => now };
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  const writePair = async ({ cert, key }: typeof FIRST_CLIENT) => {
    await write(PAIR.certFile, cert);
    await write(PAIR.keyFile, key);
  };

  beforeEach(async () => {
    now = 0;
    folder = await mkdtemp(join(tmpdir(), "taffrail-tls-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("returns the contents of the files, and the server name", async () => {
    await writePair(FIRST_CLIENT);
    const bundle = `# two of them\n${SERVER_CERTIFICATE.cert}\n${SECOND_CLIENT.cert}`;
    await write("ca.crt", bundle);
    const read = openTlsFiles({ ...PAIR, caFile: "ca.crt", serverName: "store.example" }, folder, clock);
    expect(shown(await read())).toEqual({ ca: bundle, ...FIRST_CLIENT, servername: "store.example" });
    expect(await openTlsFiles({}, folder, clock)()).toEqual({});
  });

  it("returns the same object until a file changes, and checks at most every 10 s", async () => {
    await writePair(FIRST_CLIENT);
    const read = openTlsFiles(PAIR, folder, clock);
    const first = await read();
    now += REREAD_MS;
    expect(await read()).toBe(first);
    await writePair(SECOND_CLIENT);
    now += REREAD_MS - 1;
    expect(await read()).toBe(first);
    now += 1;
    expect(shown(await read())).toEqual(SECOND_CLIENT);
  });

  it("fails in the middle of a rotation, and reads again at the next request", async () => {
    await writePair(FIRST_CLIENT);
    const read = openTlsFiles(PAIR, folder, clock);
    await write(PAIR.certFile, SECOND_CLIENT.cert);
    await expect(read()).rejects.toThrow("cannot be used");
    await write(PAIR.keyFile, SECOND_CLIENT.key);
    expect(shown(await read())).toEqual(SECOND_CLIENT);
  });

  it("requires every file to exist", async () => {
    await writePair(FIRST_CLIENT);
    expect(() => openTlsFiles({ ...PAIR, caFile: "ca.crt" }, folder, clock)).toThrow("the file ca.crt does not exist");
    expect(() => openTlsFiles({ caFile: "." }, folder, clock)).toThrow("the file . cannot be read (EISDIR)");
  });

  it.each([
    ["nothing", ""],
    ["no certificate", "hello"],
    ["a key", FIRST_CLIENT.key],
  ])("requires certificate authorities, not %s", async (_, text) => {
    await write("ca.crt", text);
    expect(() => openTlsFiles({ caFile: "ca.crt" }, folder, clock)).toThrow("the file ca.crt contains no certificate");
  });

  it("reads every certificate of a CA bundle", async () => {
    const damaged = SECOND_CLIENT.cert.replace(/\n[A-Za-z0-9+/]{10}/, "\nAAAAAAAAAA");
    await write("ca.crt", SERVER_CERTIFICATE.cert + damaged);
    expect(() => openTlsFiles({ caFile: "ca.crt" }, folder, clock)).toThrow(
      "the file ca.crt contains a certificate that cannot be parsed",
    );
  });

  it.each([
    ["of another certificate", SECOND_CLIENT.key],
    ["that is none", "hello"],
    ["that is damaged", FIRST_CLIENT.key.replace(/\n[A-Za-z0-9+/]{10}/, "\nAAAAAAAAAA")],
  ])("requires the certificate's own key, not one %s, and shows nothing of it", async (_, key) => {
    await writePair({ ...FIRST_CLIENT, key });
    const lines = key.split("\n").filter((line) => line.length > 5 && !line.startsWith("---"));
    try {
      openTlsFiles(PAIR, folder, clock);
      expect.unreachable();
    } catch (error) {
      const { message } = error as Error;
      expect(message).toMatch(/^the certificate in tls\.crt and the key in tls\.key cannot be used: [\w ]+$/);
      for (const line of lines) expect(message).not.toContain(line);
    }
  });
});

describe("readServerTls", () => {
  let folder: string;
  const write = (name: string, text: string) => writeFile(join(folder, name), text);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "taffrail-tls-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("returns the certificate and its key, relative to the configuration", async () => {
    await write(PAIR.certFile, SERVER_CERTIFICATE.cert);
    await write(PAIR.keyFile, SERVER_CERTIFICATE.key);
    const { cert, key } = readServerTls(PAIR, folder);
    expect([cert, key.reveal()]).toEqual([SERVER_CERTIFICATE.cert, SERVER_CERTIFICATE.key]);
  });

  it("names the file that is missing, is not a certificate, or does not match", async () => {
    expect(() => readServerTls(PAIR, folder)).toThrow("the file tls.crt does not exist");
    await write(PAIR.certFile, "hello");
    expect(() => readServerTls(PAIR, folder)).toThrow("the file tls.key does not exist");
    await write(PAIR.keyFile, FIRST_CLIENT.key);
    expect(() => readServerTls(PAIR, folder)).toThrow("the file tls.crt contains no certificate");
    await write(PAIR.certFile, SERVER_CERTIFICATE.cert);
    expect(() => readServerTls(PAIR, folder)).toThrow(
      /^the certificate in tls\.crt and the key in tls\.key cannot be used: [\w ]+$/,
    );
  });
});
