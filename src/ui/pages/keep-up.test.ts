import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { fakeTimer } from "../../../test/fakes/timers.ts";
import { keepUp } from "./keep-up.ts";

/** Keeps up with a server that returns these results, one after another, until it is closed. */
async function keptUp(watches: readonly (Code | "left")[], reads: readonly (Code | "well" | "left")[]) {
  const closing = new AbortController();
  const calls: string[] = [];
  const failed: Code[] = [];
  const left = { watches: [...watches], reads: [...reads] };
  const answer = (code: Code | "well" | "left" | undefined): void => {
    if (code === "well") return;
    if (code === undefined || code === "left") closing.abort();
    throw new ConnectError("", typeof code === "number" ? code : Code.Canceled);
  };
  const { timer, waited } = fakeTimer();
  const keeping = keepUp(
    {
      watch: async () => {
        calls.push("watch");
        answer(left.watches.shift());
      },
      read: async () => {
        calls.push("read");
        answer(left.reads.shift());
      },
      pollMs: 3_000,
      failed: ({ code }) => failed.push(code),
      timer,
    },
    closing.signal,
  );
  const isOver = await keeping.then(
    () => true,
    () => false,
  );
  return { calls: calls.join(" "), failed, isOver, waited };
}

it("watches as long as that works", async () => {
  expect(await keptUp(["left"], [])).toEqual({ calls: "watch", failed: [], isOver: false, waited: [] });
});

it.each([Code.PermissionDenied, Code.Unimplemented, Code.ResourceExhausted])(
  "polls, and does not watch again, after a watch fails with code %i",
  async (code) => {
    const { calls, failed, waited } = await keptUp([code], ["well", "well", Code.Unavailable, "left"]);
    expect([calls, failed, waited]).toEqual(["watch read read read read", [Code.Unavailable], [3_000, 3_000, 3_000]]);
  },
);

it("reads once and watches again after the server was down", async () => {
  const { calls, failed } = await keptUp([Code.Unavailable, Code.Unavailable, "left"], [Code.Unavailable, "well"]);
  expect([calls, failed]).toEqual(["watch read watch read watch", [Code.Unavailable]]);
});

it("ends if reading is denied too", async () => {
  const { calls, failed, isOver } = await keptUp([Code.PermissionDenied], [Code.PermissionDenied]);
  expect([calls, failed, isOver]).toEqual(["watch read", [Code.PermissionDenied], true]);
});
