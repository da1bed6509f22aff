import { afterEach, describe, expect, it } from "vitest";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { openRaw, type RawSocket } from "./raw-socket.ts";
import { DEBUG, useWorld } from "./world.ts";

const PATH = "/taffrail.v1.AnalysisRunLogService/GetServerInfo";
/** A request that a proxy in front would have blocked. */
const SMUGGLED = "GET /raw/shop/smuggled HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer rubbish\r\n\r\n";
const post = (...lines: string[]): string =>
  [`POST ${PATH} HTTP/1.1`, "Host: x", "Content-Type: application/json", ...lines].join("\r\n");
const chunked = (body: string): string => post("Transfer-Encoding: chunked", "", body);
const get = (...lines: string[]): string => ["GET /healthz HTTP/1.1", ...lines, "", ""].join("\r\n");

const SHAPES: readonly (readonly [name: string, request: string])[] = [
  ["two lengths", post("Content-Length: 2", "Content-Length: 3", "", "{}")],
  ["the same length twice", post("Content-Length: 2", "Content-Length: 2", "", "{}")],
  ["a list of lengths", post("Content-Length: 2, 2", "", "{}")],
  ["a length with a sign", post("Content-Length: +2", "", "{}")],
  ["a negative length", post("Content-Length: -2", "", "{}")],
  ["a hexadecimal length", post("Content-Length: 0x2", "", "{}")],
  ["a length, then chunks", post("Content-Length: 2", "Transfer-Encoding: chunked", "", "0\r\n\r\n")],
  ["chunks, then a length", post("Transfer-Encoding: chunked", "Content-Length: 2", "", "0\r\n\r\n")],
  ["chunks in HTTP/1.0", chunked("2\r\n{}\r\n0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0")],
  ["a coding that is nearly chunked", post("Transfer-Encoding: xchunked", "", "2\r\n{}\r\n0\r\n\r\n")],
  ["chunked before another coding", post("Transfer-Encoding: chunked, identity", "", "2\r\n{}\r\n0\r\n\r\n")],
  ["chunked after another coding", post("Transfer-Encoding: gzip, chunked", "", "2\r\n{}\r\n0\r\n\r\n")],
  ["chunked after nothing", post("Transfer-Encoding: ,chunked", "", "2\r\n{}\r\n0\r\n\r\n")],
  ["two codings", post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", "", "2\r\n{}\r\n0\r\n\r\n")],
  ["a hexadecimal prefix in a chunk's size", chunked("0x2\r\n{}\r\n0\r\n\r\n")],
  ["a negative chunk", chunked("-2\r\n{}\r\n0\r\n\r\n")],
  ["a chunk's size beyond all numbers", chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n")],
  ["a chunk without a size", chunked("\r\n{}\r\n0\r\n\r\n")],
  ["a space after a chunk's size", chunked("2 \r\n{}\r\n0\r\n\r\n")],
  ["a chunk longer than it says", chunked("1\r\n{}\r\n0\r\n\r\n")],
  ["a chunk that does not end with a line", chunked("2\r\n{}XX0\r\n\r\n")],
  ["a bare line feed after a chunk's size", chunked("2\n{}\r\n0\r\n\r\n")],
  ["a bare line feed in a chunk's extension", chunked("2;a=\nb\r\n{}\r\n0\r\n\r\n")],
  ["a folded header", get("Host: x", "X-A: b", " c")],
  ["a folded coding", post("Transfer-Encoding:", " chunked", "", "2\r\n{}\r\n0\r\n\r\n")],
  ["a fold before all headers", get(" X: y", "Host: x")],
  ["bare line feeds", "GET /healthz HTTP/1.1\nHost: x\n\n"],
  ["a bare line feed after a header", get("Host: x\nX-A: b")],
  ["a bare line feed at the end", "GET /healthz HTTP/1.1\r\nHost: x\r\n\n"],
  ["a bare carriage return", get("Host: x\rX-A: b")],
  ["a zero in a header", get("Host: x", "X-A: a\0b")],
  ["a space before the colon", post("Content-Length : 2", "", "{}")],
  ["a tab before the colon", post("Transfer-Encoding\t: chunked", "", "2\r\n{}\r\n0\r\n\r\n")],
  ["a header without a colon", get("Host: x", "rubbish")],
  ["a header without a name", get("Host: x", ": y")],
  ["no host", get()],
  ["an empty host", get("Host: ")],
  ["two hosts", get("Host: x", "Host: y")],
  ["the same host twice", get("Host: x", "Host: x")],
  ["a host with a path", get("Host: x/../y")],
  ["a host with a user", get("Host: a@x")],
  ["a host with a port beyond all ports", get("Host: x:99999")],
  ["a target on another host", get("Host: x").replace("/healthz", "http://y/healthz")],
  ["a target with a user", get("Host: x").replace("/healthz", "http://a@x/healthz")],
  ["a target of another scheme", get("Host: x").replace("/healthz", "ftp://x/healthz")],
  ["a target without a path", get("Host: x").replace("/healthz", "x:80")],
  ["a space in the target", get("Host: x").replace("/healthz", "/healthz x")],
  ["tabs in the first line", get("Host: x").replaceAll(/ (?=\/|HTTP)/g, "\t")],
  ["HTTP/1.2", get("Host: x").replace("HTTP/1.1", "HTTP/1.2")],
  ["HTTP/2.0 without its preface", get("Host: x").replace("HTTP/1.1", "HTTP/2.0")],
  ["HTTP/0.9", "GET /healthz\r\n"],
];

describe("an ambiguous HTTP/1.1 request", () => {
  const world = useWorld();
  const opened: RawSocket[] = [];
  const open = async (): Promise<RawSocket> => {
    const raw = await openRaw(world().port);
    opened.push(raw);
    return raw;
  };

  afterEach(() => {
    for (const { socket } of opened.splice(0)) socket.destroy();
  });

  it.each(SHAPES)("gets 400, its connection is closed, and nothing after it is served: %s", async (_, request) => {
    const raw = await open();
    await raw.say(request + SMUGGLED);
    const answer = String(await raw.ended());
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 400"]);
    // The smuggled one would have been refused for its token.
    expect(
      world().log.filter(({ level, msg, reason }) => reason !== undefined || (level > DEBUG && msg !== "call")),
    ).toEqual([]);
  });

  it("does not include one whose target repeats the Host header", async () => {
    const { namespace, name } = world().addLog(sends("the log\n"));
    const raw = await open();
    const lines = ["host: X:80", `authorization: Bearer ${TOKENS.reader}`, "connection: close", "", ""];
    await raw.say([`GET http://x:80/raw/${namespace}/${name} HTTP/1.1`, ...lines].join("\r\n"));
    expect(String(await raw.ended())).toMatch(/^HTTP\/1\.1 200 [\s\S]*the log\n/);
  });

  it("does not include one that asks to upgrade to HTTP/2: it and the next are answered over HTTP/1.1", async () => {
    const raw = await open();
    const upgrade = get("Host: x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk");
    await raw.say(upgrade);
    await raw.until((all) => all.includes("ok\n"));
    await raw.say(get("Host: x", "Connection: close"));
    expect(String(await raw.ended()).match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });
});
