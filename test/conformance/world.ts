import type { Capabilities } from "../../src/sources/source.ts";
import { type Ground, startGround } from "./ground.ts";
import type { SourceWorld, StartOptions } from "./stored-log.ts";

/** A source that the suite runs against. */
export interface SourceUnderTest {
  readonly name: string;
  /** Those of its kind. A case that needs a missing one is reported as not applicable. */
  readonly capabilities: Capabilities;
  /** Whether the end of the store's response proves that it is complete. */
  readonly provesEnd: boolean;
  /** Whether the store cannot tell a log without lines from a missing one. Default: false. */
  readonly hidesEmpty?: boolean;
  /** Starts its store. */
  start(options: StartOptions): Promise<SourceWorld>;
  /** Starts another source, for hand-overs in both directions. */
  startOther(options: StartOptions): Promise<SourceWorld>;
}

/** The idle timeout of the impatient source. */
const IDLE_MS = 200;

/** Gateways that read from the source. */
export interface World {
  readonly ground: Ground;
  readonly own: SourceWorld;
  readonly url: string;
  /** A gateway whose source has an idle timeout of 200 ms. */
  readonly impatient: { readonly own: SourceWorld; readonly url: string };
  /** A gateway that has both sources. */
  readonly pair: { readonly own: SourceWorld; readonly other: SourceWorld; readonly url: string };
  close(): Promise<void>;
}

export async function startWorld({ start, startOther }: SourceUnderTest): Promise<World> {
  const ground = await startGround();
  const own = await start({ ground });
  const impatient = await start({ ground, idleMs: IDLE_MS });
  const pair = { own: await start({ ground }), other: await startOther({ ground }) };
  return {
    ground,
    own,
    url: await ground.startGateway([own]),
    impatient: { own: impatient, url: await ground.startGateway([impatient]) },
    pair: { ...pair, url: await ground.startGateway([pair.own, pair.other]) },
    async close() {
      await ground.close();
      await Promise.all([own, impatient, pair.own, pair.other].map((each) => each.close()));
    },
  };
}
