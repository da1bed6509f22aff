import { expect, it } from "vitest";
import { listParts, type UploadTimes } from "./s3-parts.ts";

const PAGE = 1_000;

/** Lists parts that are numbered from 0, and were uploaded a second each after 1970. */
function list(total: number, times?: UploadTimes) {
  let pages = 0;
  const pageAt = async (_prefix: string, from: string | undefined) => {
    const first = Number(from ?? 0);
    const count = Math.min(PAGE, total - first);
    pages += 1;
    return {
      objects: Array.from({ length: count }, (_, index) => ({
        key: `run/2026010100_${first + index}.gz`,
        modified: (first + index) * 1_000,
      })),
      next: first + PAGE < total ? String(first + PAGE) : undefined,
    };
  };
  const pattern = { prefix: "run/", matches: (key: string) => key.endsWith(".gz") };
  return { parts: listParts("archive", pattern, times, pageAt), pages: () => pages };
}

it("lists 100,000 parts in the order of their numbers", async () => {
  const { parts, pages } = list(100_000);
  const keys = await parts;
  expect(pages()).toBe(100);
  expect(keys.length).toBe(100_000);
  expect(keys.every((key, index) => key === `run/2026010100_${index}.gz`)).toBe(true);
});

it("refuses a log of more parts, and says how many there may be", async () => {
  await expect(list(100_001).parts).rejects.toMatchObject({
    outcome: "refused",
    did: "keeps the log in more than 100,000 objects, which is too many to read",
  });
});

it("finds a few parts among many by the time of their upload", async () => {
  expect(await list(200_000, { from: 150_000_000, to: 150_001_000 }).parts).toEqual([
    "run/2026010100_150000.gz",
    "run/2026010100_150001.gz",
  ]);
});

it("gives up a list of more than a million objects", async () => {
  const { parts, pages } = list(2_000_000, { from: 0, to: 0 });
  await expect(parts).rejects.toMatchObject({ did: expect.stringContaining("has more than 1,000,000 objects") });
  expect(pages()).toBeLessThan(1_010);
});
