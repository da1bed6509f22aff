import { describe, expect, it } from "vitest";
import type { NodeRequest } from "./node-http.ts";
import { publicOrigin, requestUsesTls } from "./public-url.ts";

const requestWith = (headers: Readonly<Record<string, string>>, socket = {}) =>
  ({ headers: { host: "logs.example.com", ...headers }, socket }) as unknown as NodeRequest;
const FETCH = { "sec-fetch-site": "cross-site" };

describe("whether a browser uses TLS", () => {
  it.each([
    [false, {}],
    [false, { "x-forwarded-proto": "http" }],
    [true, { "x-forwarded-proto": "https" }],
    [false, { origin: "http://logs.example.com" }],
    [true, { origin: "https://logs.example.com" }],
    // Browsers send it without TLS to this machine only.
    [true, FETCH],
    [true, { ...FETCH, host: "logs.example.com:8080" }],
    [true, { ...FETCH, host: "localhost.example.com" }],
    [false, { ...FETCH, host: "localhost:8080" }],
    [false, { ...FETCH, host: "logs.localhost" }],
    [false, { ...FETCH, host: "127.0.0.1" }],
    [false, { ...FETCH, host: "127.1.2.3:80" }],
    [false, { ...FETCH, host: "[::1]:80" }],
  ] as const)("is %s with %j", (usesTls, headers) => {
    expect(requestUsesTls(requestWith(headers), {})).toBe(usesTls);
    expect(publicOrigin(requestWith(headers), {})).toMatch(usesTls ? /^https:/ : /^http:/);
  });

  it("is certain with TLS to this server, and with its configured address", () => {
    expect(requestUsesTls(requestWith({}, { encrypted: true }), {})).toBe(true);
    expect(requestUsesTls(requestWith({}), { publicUrl: "https://logs.example.com" })).toBe(true);
    const other = requestWith({ ...FETCH, origin: "https://logs.example.com" });
    expect(requestUsesTls(other, { publicUrl: "http://logs.example.com" })).toBe(false);
  });
});
