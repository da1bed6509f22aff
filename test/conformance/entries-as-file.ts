import type { EntriesPiece } from "../../src/sources/source.ts";
import type { SourceKind } from "../../src/sources/source-kind.ts";
import type { SourceWorld } from "./stored-log.ts";

/** Has sources that hand on entries hand on a file, until the reader takes entries. */
export function entriesAsFile(world: SourceWorld): SourceWorld {
  const capabilities = { live: false, ranges: false, tellsTimes: false, since: false, tail: false };
  const kinds = world.kinds?.map(
    (kind): SourceKind => ({
      ...kind,
      ...(kind.kind === "memory" && { capabilities }),
      create(compiled, deps) {
        const store = kind.create(compiled, deps);
        return {
          ...store,
          async open(target, signal, options) {
            const log = await store.open(target, signal, options);
            if (log.kind === "file") return log;
            return { ...log, kind: "file", charset: undefined, body: bytesOf(log.pieces) };
          },
        };
      },
    }),
  );
  return { ...world, ...(kinds && { kinds }) };
}

async function* bytesOf(pieces: AsyncIterable<EntriesPiece>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of pieces) yield bytes;
}
