import { http } from "./http.ts";
import { kubernetes } from "./kubernetes.ts";
import { loki } from "./loki.ts";
import { s3 } from "./s3.ts";
import type { SourceKind } from "./source-kind.ts";

/** Every kind of source that a configuration may name. */
export const SOURCE_KINDS: readonly SourceKind[] = [http, kubernetes, loki, s3];
