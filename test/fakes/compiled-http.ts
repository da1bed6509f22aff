import { type CompiledHttp, http } from "../../src/sources/http.ts";
import type { CompiledSource } from "../../src/sources/source-config.ts";

/** The compiled settings of a source of kind `http`. */
export function compiledHttp(source: CompiledSource | undefined): CompiledHttp {
  if (source?.kind !== http) throw new Error("This source is of another kind.");
  return source.compiled as CompiledHttp;
}
