import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { fakeTimer } from "../../../test/fakes/timers.ts";
import { keepUp } from "./keep-up.ts";

/** Keeps up with a server that answers so, one after the other, until it is left: with what a call fails with, or nothing. */
async function keptUp(watches: readonly (Code | "left")[], looks: readonly (Code | "well" | "left")[]) {
  const leaving = new AbortController();
  const calls: string[] = [];
  const failed: Code[] = [];
  const left = { watches: [...watches], looks: [...looks] };
  const answer = (code: Code | "well" | "left" | undefined): void => {
    if (code === "well") return;
    if (code === undefined || code === "left") leaving.abort();
    throw new ConnectError("", typeof code === "number" ? code : Code.Canceled);
  };
  const { timer, waited } = fakeTimer();
  const keeping = keepUp(
    {
      watch: async () => {
        calls.push("watch");
        answer(left.watches.shift());
      },
      look: async () => {
        calls.push("look");
        answer(left.looks.shift());
      },
      lookMs: 3_000,
      failed: ({ code }) => failed.push(code),
      timer,
    },
    leaving.signal,
  );
  const isOver = await keeping.then(
    () => true,
    () => false,
  );
  return { calls: calls.join(" "), failed, isOver, waited };
}

it("watches for as long as that goes", async () => {
  expect(await keptUp(["left"], [])).toEqual({ calls: "watch", failed: [], isOver: false, waited: [] });
});

it.each([Code.PermissionDenied, Code.Unimplemented, Code.ResourceExhausted])(
  "looks again and again where a watch fails with code %i, and watches no more",
  async (code) => {
    const { calls, failed, waited } = await keptUp([code], ["well", "well", Code.Unavailable, "left"]);
    expect([calls, failed, waited]).toEqual(["watch look look look look", [Code.Unavailable], [3_000, 3_000, 3_000]]);
  },
);

it("looks once and watches anew where the server was away", async () => {
  const { calls, failed } = await keptUp([Code.Unavailable, Code.Unavailable, "left"], [Code.Unavailable, "well"]);
  expect([calls, failed]).toEqual(["watch look watch look watch", [Code.Unavailable]]);
});

it("ends where looking is denied too", async () => {
  const { calls, failed, isOver } = await keptUp([Code.PermissionDenied], [Code.PermissionDenied]);
  expect([calls, failed, isOver]).toEqual(["watch look", [Code.PermissionDenied], true]);
});
