import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { ListProjectsRequest, ListProjectsResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { deniedProjects } from "../access/access.ts";
import { callerOf } from "./caller-context.ts";
import type { Services } from "./services.ts";

/** Lists the projects in which the caller may read runs. */
export async function listProjects(
  services: Services,
  _request: ListProjectsRequest,
  { signal, values }: HandlerContext,
): Promise<MessageInitShape<typeof ListProjectsResponseSchema>> {
  const caller = callerOf(values);
  const { names, incomplete } = await services.projectLists.read(caller, signal);
  // Otherwise it would look as if there were nothing to read.
  if (names.length === 0 && caller.groupsOmitted) throw deniedProjects();
  return { projects: names.map((name) => ({ name })), incomplete };
}
