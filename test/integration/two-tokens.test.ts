import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { useWorld } from "./world.ts";

const LOG = "for one caller alone\n";
const METHOD = "/taffrail.v1.AnalysisRunLogService/ListProjects";

/**
 * Encodes a literal header without indexing (RFC 7541 §6.2.2): Node's own client never repeats a header.
 */
function literal(name: string, value: string): Buffer {
  return Buffer.from([0, name.length, ...Buffer.from(name), value.length, ...Buffer.from(value)]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.from([0, payload.length >> 8, payload.length & 255, type, flags, 0, 0, 0, stream]);
  return Buffer.concat([head, payload]);
}

/** Sends a request whose headers may be repeated, and returns all bytes of the response. */
async function askHttp11(port: number, method: string, path: string, headers: readonly (readonly string[])[]) {
  const lines = [`${method} ${path} HTTP/1.1`, "host: gateway", "connection: close"];
  const body = method === "POST" ? "{}" : "";
  lines.push(...headers.map(([name, value]) => `${name}: ${value}`), `content-length: ${body.length}`);
  const socket = connect(port, "127.0.0.1");
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  let answer = "";
  for await (const bytes of socket) answer += bytes;
  return answer;
}

async function askHttp2(port: number, method: string, path: string, headers: readonly (readonly string[])[]) {
  const all = [[":method", method], [":path", path], [":scheme", "http"], [":authority", "gateway"], ...headers];
  const block = Buffer.concat(all.map(([name = "", value = ""]) => literal(name, value)));
  const body = Buffer.from(method === "POST" ? "{}" : "");
  const socket = connect(port, "127.0.0.1");
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(Buffer.concat([frame(4, 0, 0, Buffer.alloc(0)), frame(1, 4, 1, block), frame(0, 1, 1, body)]));
  let answer = "";
  // The text to find is in DATA frames, uncompressed.
  while (!/[})]|alone/.test(answer)) answer += (await once(socket, "data"))[0];
  socket.destroy();
  return answer;
}

describe.each([
  { version: "HTTP/1.1", ask: askHttp11 },
  { version: "HTTP/2", ask: askHttp2 },
])("two tokens in two headers over $version", ({ ask }) => {
  const world = useWorld();
  const bearer = (token: string) => ["authorization", `Bearer ${token}`] as const;
  const json = ["content-type", "application/json"] as const;

  it.each([
    ["the right one first", [TOKENS.reader, "rubbish"]],
    ["the right one last", [TOKENS.stranger, TOKENS.reader]],
    ["the same twice", [TOKENS.reader, TOKENS.reader]],
  ])("are rejected, with %s: a proxy in front may have checked either", async (_, tokens) => {
    const { name } = world().addLog(sends(LOG));
    const raw = await ask(world().port, "GET", `/raw/shop/${name}`, tokens.map(bearer));
    expect(raw).toContain("(TOKEN_MISSING)");
    expect(raw).not.toContain(LOG);
    const rpc = await ask(world().port, "POST", METHOD, [json, ...tokens.map(bearer)]);
    expect(rpc).toContain('"unauthenticated"');
    expect(rpc).not.toContain("projects");
  });

  it("are the only reason: one token is accepted", async () => {
    const { name } = world().addLog(sends(LOG));
    expect(await ask(world().port, "GET", `/raw/shop/${name}`, [bearer(TOKENS.reader)])).toContain(LOG);
    expect(await ask(world().port, "POST", METHOD, [json, bearer(TOKENS.reader)])).toContain('"shop"');
  });
});
