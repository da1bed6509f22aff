import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { configJsonSchema } from "./json-schema.ts";

const HINT = "The configuration has changed. Renew docs/taffrail.schema.json by npm run gen.";

it("is the one in docs/taffrail.schema.json", () => {
  const file = readFileSync(new URL("../../docs/taffrail.schema.json", import.meta.url), "utf8");
  // What JSON cannot hold, such as undefined, is no part of it.
  expect(JSON.parse(file), HINT).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

it("requires nothing, and allows no unknown keys", () => {
  expect(configJsonSchema()).not.toHaveProperty("required");
  expect(configJsonSchema()).toHaveProperty("additionalProperties", false);
});
