import { writeFileSync } from "node:fs";
import { configJsonSchema } from "./json-schema.ts";

const file = new URL("../../docs/taffrail.schema.json", import.meta.url);
writeFileSync(file, JSON.stringify(configJsonSchema(), null, 2));
