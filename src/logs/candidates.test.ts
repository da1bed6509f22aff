import { describe, expect, it } from "vitest";
import { makeView } from "../../test/fakes/container-view.ts";
import { FILES, PODS, scriptSource } from "../../test/fakes/script-source.ts";
import { candidatesFor } from "./candidates.ts";
import { FILE_START } from "./place.ts";

const nothing = () => new Error("It is not to be asked.");
const sources = [
  scriptSource("s3", FILES, nothing),
  scriptSource("pods", PODS, nothing),
  scriptSource("loki", FILES, nothing),
  scriptSource("nodes", PODS, nothing),
];
const namesFor = (phase: "Running" | "Failed", resumedAt?: string) => {
  const position = resumedAt === undefined ? undefined : { source: resumedAt, place: FILE_START, line: 1 };
  return candidatesFor(sources, makeView({ phase }), position).map(({ name }) => name);
};

describe("the sources that are asked for a log", () => {
  it("are those where the job runs first, while it runs; each kind in the order of the configuration", () => {
    expect(namesFor("Running")).toEqual(["pods", "nodes", "s3", "loki"]);
  });

  it("are archives first, once it has ended", () => {
    expect(namesFor("Failed")).toEqual(["s3", "loki", "pods", "nodes"]);
  });

  it("are the one that was read before, then the others", () => {
    expect(namesFor("Running", "loki")).toEqual(["loki", "pods", "nodes", "s3"]);
    expect(namesFor("Failed", "nodes")).toEqual(["nodes", "s3", "loki", "pods"]);
  });

  it("are the others where the one that was read before is no longer configured", () => {
    expect(namesFor("Failed", "gone")).toEqual(["s3", "loki", "pods", "nodes"]);
  });
});
