import { expect, it } from "vitest";
import { terminated } from "../fakes/pods.ts";
import { TOKENS } from "../integration/objects.ts";
import { picture, visit } from "./browser.ts";
import { suite } from "./demo-world.ts";
import { type StateRun, useStatesWorld } from "./states-world.ts";

const world = useStatesWorld();
const PODS = { sources: [{ name: "pods", kubernetes: {} }] };
const at = (second: number): string => `2026-01-01T00:00:0${second}Z`;

/** The pods of an Indexed Job that ran at once; the second one failed. */
function shards(run: StateRun): void {
  for (const [index, suffix] of ["aaaaa", "bbbbb", "ccccc"].entries()) {
    const exitCode = index === 1 ? 1 : 0;
    const log = run.pod({
      suffix,
      index,
      phase: exitCode === 0 ? "Succeeded" : "Failed",
      containers: { test: terminated(exitCode, at(9)) },
    });
    log.append(at(index + 1), `shard ${index} begins\n`);
    log.append(at(index + 4), `shard ${index} ends\n`);
  }
}

suite("an attempt whose Job ran several pods at once", () => {
  it("has a choice of all pods, whose lines are merged and labelled", async () => {
    const run = world().addRun();
    shards(run);
    const { page, faults, close } = await visit(world().browser, await world().at(PODS), run.path, {
      token: TOKENS.reader,
    });
    await page.getByText("shard 1 ends").waitFor();
    expect(await page.getByText("shard 0 ends").count()).toBe(0);
    const tabs = page.getByRole("navigation", { name: "Containers" });
    await tabs.getByRole("link", { name: "all pods" }).click();
    await page.getByText("shard 2 ends").waitFor();
    expect(page.url()).toMatch(/\/a\/1\/p\/all$/);
    expect(await tabs.locator("[aria-current]").allInnerTexts()).toEqual(["all pods"]);
    const rows = await page.locator("main [role=row]").allInnerTexts();
    const lines = rows.map((each) => each.replace(/\s+/g, " ")).filter((each) => each.includes("shard"));
    expect(lines.map((each) => /(\d-\w{5}) (shard .*)$/.exec(each)?.slice(1).join(" "))).toEqual([
      "0-aaaaa shard 0 begins",
      "1-bbbbb shard 1 begins",
      "2-ccccc shard 2 begins",
      "0-aaaaa shard 0 ends",
      "1-bbbbb shard 1 ends",
      "2-ccccc shard 2 ends",
    ]);
    await picture(page, "all-pods");
    expect(faults).toEqual([]);
    await page.getByRole("link", { name: "test", exact: true }).click();
    await page.getByText("shard 0 ends").waitFor({ state: "detached" });
    await close();
  });

  it("words it in Chinese too", async () => {
    const run = world().addRun();
    shards(run);
    const options = { locale: "zh-CN", token: TOKENS.reader };
    const { page, close } = await visit(world().browser, await world().at(PODS), run.path, options);
    await page.getByRole("link", { name: "所有 Pod" }).click();
    await page.getByText("shard 2 ends").waitFor();
    expect(page.url()).toMatch(/\/p\/all$/);
    await close();
  });
});

suite("an attempt whose Job ran its pods one after another", () => {
  it("has no such choice", async () => {
    const run = world().addRun();
    for (const [index, suffix] of ["aaaaa", "bbbbb"].entries()) {
      const createdAt = `2026-01-01T00:0${index}:00Z`;
      const log = run.pod({ suffix, createdAt, phase: "Failed", containers: { test: terminated(1) } });
      log.append(at(index + 1), `try ${index}\n`);
    }
    const { page, close } = await visit(world().browser, await world().at(PODS), run.path, { token: TOKENS.reader });
    await page.getByText("try 1").waitFor();
    expect(await page.getByText("all pods").count()).toBe(0);
    await close();
  });
});
