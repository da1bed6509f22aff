import fc from "fast-check";
import { expect, it } from "vitest";
import { type Address, parseAddress, pathOf } from "./addresses.ts";

it("parses the address of each page", () => {
  const pages: readonly (readonly [string, Address])[] = [
    ["/", { page: "projects" }],
    ["/sign-in", { page: "sign-in" }],
    ["/admin/health", { page: "health" }],
    ["/p/guestbook", { page: "runs", project: "guestbook" }],
    ["/p/guestbook/runs/", { page: "runs", project: "guestbook" }],
    ["/p/guestbook/runs/uat.01", { page: "run", project: "guestbook", run: "uat.01" }],
    ["/p/a/runs/b/m/robot", { page: "run", project: "a", run: "b", log: { metric: "robot" } }],
    [
      "/p/a/runs/b/m/100%25%2Fx/a/last/c/all",
      { page: "run", project: "a", run: "b", log: { metric: "100%/x", attempt: "last", container: "all" } },
    ],
    [
      "/p/a/runs/b/m/robot/a/2/p/all",
      { page: "run", project: "a", run: "b", log: { metric: "robot", attempt: "2", allPods: true } },
    ],
    [
      "/p/a/runs/b/m/robot/a/2/c/all/p/all",
      { page: "run", project: "a", run: "b", log: { metric: "robot", attempt: "2", container: "all", allPods: true } },
    ],
  ];
  for (const [path, address] of pages) expect(parseAddress(path)).toEqual(address);
});

it.each([
  "/x",
  "/p",
  "/p//runs",
  "/p/a/stages",
  "/p/a/runs/b/m",
  "/p/a/runs/b/m/x/a/0",
  "/p/a/runs/b/m/x/a/-1",
  "/p/a/runs/b/m/x/c/y",
  "/p/a/runs/b/m/x/a/1/c/y/z",
  "/p/a/runs/b/m/x/a/1/p/pod-1",
  "/p/a/runs/b/m/x/p/all",
  "/admin/health/x",
  "/sign-in/x",
])("finds no page at %s", (path) => {
  expect(parseAddress(path)).toEqual({ page: "nothing" });
});

it("accepts badly encoded names", () => {
  expect(parseAddress("/p/%E0%A4%A/runs/%")).toEqual({ page: "run", project: "%E0%A4%A", run: "%" });
});

it("parses back the address of any run, metric and container", () => {
  const name = fc.string({ minLength: 1, unit: "grapheme" });
  const log = fc.record(
    { metric: name, attempt: fc.constantFrom("1", "12", "last"), container: name, allPods: fc.constant(true) },
    { requiredKeys: ["metric", "attempt"] },
  );
  fc.assert(
    fc.property(name, name, fc.option(log, { nil: undefined }), (project, run, choice) => {
      const address: Address = { page: "run", project, run, ...(choice && { log: choice }) };
      expect(parseAddress(pathOf(address))).toEqual(address);
    }),
  );
});
