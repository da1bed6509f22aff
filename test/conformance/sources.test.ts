import { http } from "../../src/sources/http.ts";
import { kubernetes } from "../../src/sources/kubernetes.ts";
import { loki } from "../../src/sources/loki.ts";
import { describeSource } from "./describe-source.ts";
import { startHttpWorld } from "./http-world.ts";
import { startLokiWorld } from "./loki-world.ts";
import { startMemoryWorld } from "./memory-source.ts";
import { startPodsWorld } from "./pods-world.ts";

describeSource({ ...http, name: http.kind, provesEnd: true, start: startHttpWorld, startOther: startPodsWorld });
describeSource({
  ...kubernetes,
  name: kubernetes.kind,
  provesEnd: false,
  start: startPodsWorld,
  startOther: startHttpWorld,
});
describeSource({
  ...loki,
  name: loki.kind,
  provesEnd: true,
  hidesEmpty: true,
  start: startLokiWorld,
  startOther: startPodsWorld,
});
describeSource({
  name: "memory",
  provesEnd: true,
  capabilities: { live: false, ranges: false, tellsTimes: true, since: true, tail: true },
  start: startMemoryWorld,
  startOther: startPodsWorld,
});
