import { afterAll, beforeAll, describe, inject } from "vitest";
import type { AccessRow } from "../integration/access-rows.ts";
import { arrangeAccess, type Ground, testAccessTable } from "../integration/access-table.ts";
import { testApiTable } from "../integration/api-table.ts";
import { openRealGround } from "./real-ground.ts";

describe("the table of access cases on a real API server", () => {
  let ground: Ground;
  let tokens: ReadonlyMap<AccessRow, string>;
  beforeAll(async () => {
    ground = await openRealGround(inject("kubernetes"), inject("folder"));
    tokens = await arrangeAccess(ground);
  });
  afterAll(() => ground?.close());

  testAccessTable(
    () => ground,
    () => tokens,
  );
  testApiTable(() => ground);
});
