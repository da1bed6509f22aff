import { http } from "../../src/sources/http.ts";
import { kubernetes } from "../../src/sources/kubernetes.ts";
import { describeSource } from "./describe-source.ts";
import { entriesAsFile } from "./entries-as-file.ts";
import { startHttpWorld } from "./http-world.ts";
import { startMemoryWorld } from "./memory-source.ts";
import { startPodsWorld } from "./pods-world.ts";

/** Sources that tell times take over nothing yet. */
const handsOver = (how: string): readonly string[] =>
  [", at the line where it was left", " while it is followed", ", and shows a seam where that has another text"].map(
    (end) => how + end,
  );

describeSource({
  ...http,
  name: http.kind,
  provesEnd: true,
  start: startHttpWorld,
  startOther: startPodsWorld,
  knownToFail: handsOver("hands a log over to another source"),
});
describeSource({
  ...kubernetes,
  name: kubernetes.kind,
  provesEnd: false,
  start: startPodsWorld,
  startOther: startHttpWorld,
  knownToFail: handsOver("takes a log over from another source"),
});
describeSource({
  name: "memory",
  provesEnd: true,
  capabilities: { live: false, ranges: false, tellsTimes: false, since: false, tail: false },
  start: async (options) => entriesAsFile(await startMemoryWorld(options)),
  startOther: startPodsWorld,
  knownToFail: handsOver("hands a log over to another source"),
});
