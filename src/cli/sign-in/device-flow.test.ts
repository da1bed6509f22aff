import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SignInWorld, startSignInWorld } from "../../../test/fakes/sign-in-world.ts";
import type { Timer } from "../../client/sleep.ts";

let world: SignInWorld;
beforeEach(async () => {
  world = await startSignInWorld();
});
afterEach(() => world.close());

/** A timer whose intervals of polling pass when `work` has been done, which is told their number and length. */
function polling(work: (number: number, ms: number) => unknown): Timer {
  let number = 0;
  return (ms, fire) => {
    if (ms >= 15_000) return () => {};
    number += 1;
    void Promise.resolve(work(number, ms)).then(fire);
    return () => {};
  };
}

const linkIn = (said: readonly string[]): string => /or {4}(\S+)/.exec(said.join("\n"))?.[1] ?? "";

function login(timer: Timer, said: string[] = [], signal?: AbortSignal) {
  return world.run(["login", world.url, "--device"], {
    timer,
    ...(signal && { signal }),
    status: (text) => said.push(text),
  });
}

/** Runs the command, and does this in a browser of another device while it waits for the n-th time. */
async function onOtherDevice(number: number, act: (link: string) => Promise<unknown>) {
  const waits: number[] = [];
  const said: string[] = [];
  const timer = polling(async (count, ms) => {
    waits.push(ms);
    if (count === number) await act(linkIn(said));
  });
  const result = await world.run(["login", world.url, "--device"], { timer, onLine: (line) => said.push(line) });
  return { ...result, waits, link: linkIn(said) };
}

describe("taffrail login --device", () => {
  it("survives an answer of the provider that was lost, and asks less often then", async () => {
    let lost = 0;
    world.provider.intercept((request, response) => {
      if (request.url !== "/token" || lost > 0) return "passed";
      lost += 1;
      response.destroy();
      return "handled";
    });
    const { code, waits } = await onOtherDevice(2, (at) => world.provider.browse(at, "reader"));
    expect([code, waits, lost]).toEqual([0, [5_000, 10_000], 1]);
  });

  it("prints a link and a code, and waits until they have been used on any device", async () => {
    const { code, out, said, waits, link } = await onOtherDevice(3, (at) => world.provider.browse(at, "reader"));
    const userCode = new URL(link).searchParams.get("user_code");
    expect([code, out]).toEqual([0, ""]);
    expect(said).toEqual([
      "To sign in to corp, open this link in a browser on any device, and enter the code:",
      `  link  ${world.provider.issuer}/device`,
      `  code  ${userCode}`,
      `  or    ${link}`,
      "The code is valid for 10 minutes. Enter it only if you started this sign-in.",
      expect.stringContaining(`signed in to ${world.url} as reader@example.com`),
    ]);
    expect(waits).toEqual([5_000, 5_000, 5_000]);
    expect(linkIn(said)).toBe(link);
    expect(Object.values(world.signIns())).toMatchObject([{ kind: "oidc", refreshToken: expect.any(String) }]);
  });

  it("polls more slowly when told so", async () => {
    let polls = 0;
    const waits: number[] = [];
    world.provider.intercept((request, response) => {
      if (request.url !== "/token") return "passed";
      polls += 1;
      const error = ["slow_down", "authorization_pending", "access_denied"][polls - 1];
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error }));
      return "handled";
    });
    const { code, said } = await login(polling((_, ms) => waits.push(ms)));
    expect(waits).toEqual([5_000, 10_000, 10_000]);
    expect([code, said.slice(-2)]).toEqual([
      4,
      ['error: the sign-in was denied at the identity provider "corp"', "  try     taffrail login"],
    ]);
  });

  it("says that the user has denied it", async () => {
    const { code, said } = await onOtherDevice(1, (link) => world.provider.browse(link, "reader", false));
    expect([code, said.slice(5)]).toEqual([
      4,
      [
        'error: the sign-in was denied at the identity provider "corp"',
        '  said    "End-User aborted interaction"',
        "  try     taffrail login",
      ],
    ]);
  });

  it("says that the code has expired, whether the provider tells or only never signs anybody in", async () => {
    const message = ["error: the code has expired before it was entered", "  try     taffrail login --device"];
    const { code, said, waits } = await onOtherDevice(0, async () => undefined);
    expect([code, said.slice(5), waits.length]).toEqual([4, message, 120]);
    world.provider.intercept((request, response) => {
      if (request.url !== "/token") return "passed";
      response.writeHead(400, { "content-type": "application/json" }).end('{"error":"expired_token"}');
      return "handled";
    });
    const told = await login(polling(() => {}));
    expect([told.code, told.said.slice(5)]).toEqual([4, message]);
  });

  it("ends at Ctrl-C, and shows on a terminal that it waits", async () => {
    const interrupt = new AbortController();
    const shown: string[] = [];
    const result = await login(
      (ms) => {
        if (ms === 5_000) queueMicrotask(() => interrupt.abort());
        return () => {};
      },
      shown,
      interrupt.signal,
    );
    expect([result.code, shown]).toEqual([130, ["waiting for the sign-in", ""]]);
  });

  it("says that the provider has no such sign-in", async () => {
    const other = await startSignInWorld({
      provider: { change: { features: { devInteractions: { enabled: true } } } },
    });
    const { code, said } = await other.run(["login", other.url, "--device"]);
    expect([code, said]).toEqual([
      1,
      [
        'error: the identity provider "corp" has no sign-in by device code',
        "  try     taffrail login without --device, or --token-stdin",
      ],
    ]);
    await other.close();
  });
});
