import { afterAll, beforeAll, describe } from "vitest";
import type { AccessRow } from "./access-rows.ts";
import { arrangeAccess, type Ground, testAccessTable } from "./access-table.ts";
import { testApiTable } from "./api-table.ts";
import { openMiniGround } from "./mini-ground.ts";

describe("the table of access cases on the demo's API server", () => {
  let ground: Ground;
  let tokens: ReadonlyMap<AccessRow, string>;
  beforeAll(async () => {
    ground = await openMiniGround();
    tokens = await arrangeAccess(ground);
  });
  afterAll(() => ground?.close());

  testAccessTable(
    () => ground,
    () => tokens,
  );
  testApiTable(() => ground);
});
