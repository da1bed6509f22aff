import * as z from "zod";
import { SOURCE_KINDS } from "../sources/registry.ts";
import { createConfigSchema } from "./schema.ts";

/** The JSON Schema of `taffrail.yaml`, for editors. */
export function configJsonSchema(): object {
  return { title: "taffrail.yaml", ...z.toJSONSchema(createConfigSchema(SOURCE_KINDS), { io: "input" }) };
}
