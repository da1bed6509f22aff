import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { CallerRights, type GetCallerResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Rights } from "../identity/caller.ts";
import { callerOf } from "./caller-context.ts";
import { given } from "./given.ts";

const RIGHTS: Readonly<Record<Rights["kind"], CallerRights>> = {
  accounts: CallerRights.SERVICE_ACCOUNTS,
  server: CallerRights.SERVER,
};

/** Returns who the caller is for this server. */
export function getCaller({ values }: HandlerContext): MessageInitShape<typeof GetCallerResponseSchema> {
  const { username, groups, groupsOmitted = false, issuer = "", rights, expiresAt } = callerOf(values);
  return {
    username,
    groups: [...groups],
    groupsOmitted,
    issuer,
    rights: rights === undefined ? CallerRights.USER : RIGHTS[rights.kind],
    ...given("expireTime", expiresAt === undefined ? undefined : timestampFromMs(expiresAt)),
  };
}
