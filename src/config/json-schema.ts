import { z } from "zod";
import { ConfigSchema } from "./schema.ts";

/** The JSON Schema of `taffrail.yaml`: editors check and complete by it. */
export function configJsonSchema(): object {
  return { title: "taffrail.yaml", ...z.toJSONSchema(ConfigSchema, { io: "input" }) };
}
