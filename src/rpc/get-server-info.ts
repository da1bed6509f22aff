import type { MessageInitShape } from "@bufbuild/protobuf";
import { type GetServerInfoResponseSchema, SignInMethod } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { VERSION } from "../version.ts";
import type { Services } from "./services.ts";

/** Returns what a client needs before it signs in. */
export function getServerInfo({ config }: Services): MessageInitShape<typeof GetServerInfoResponseSchema> {
  return {
    version: VERSION,
    signInMethods: [SignInMethod.BEARER_TOKEN],
    contact: config.contact,
    retentionDays: config.retentionDays,
  };
}
