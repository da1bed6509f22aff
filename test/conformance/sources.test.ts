import { http } from "../../src/sources/http.ts";
import { kubernetes } from "../../src/sources/kubernetes.ts";
import { loki } from "../../src/sources/loki.ts";
import { s3 } from "../../src/sources/s3.ts";
import { describeSource } from "./describe-source.ts";
import { startHttpWorld } from "./http-world.ts";
import { startLokiWorld } from "./loki-world.ts";
import { startMemoryWorld } from "./memory-source.ts";
import { startPodsWorld } from "./pods-world.ts";
import { startS3PartsWorld, startS3World } from "./s3-worlds.ts";

describeSource({ ...http, name: http.kind, provesEnd: true, start: startHttpWorld, startOther: startPodsWorld });
describeSource({ ...s3, name: "s3 (key)", provesEnd: true, start: startS3World, startOther: startPodsWorld });
describeSource({
  ...s3,
  name: "s3 (prefix)",
  capabilities: { ...s3.capabilities, ranges: false },
  provesEnd: true,
  start: startS3PartsWorld,
  startOther: startPodsWorld,
});
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
