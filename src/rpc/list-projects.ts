import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { ListProjectsRequest, ListProjectsResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { callerOf } from "./caller-context.ts";
import type { Services } from "./services.ts";

/** Lists the projects in which the caller may read runs. */
export async function listProjects(
  services: Services,
  _request: ListProjectsRequest,
  { signal, values }: HandlerContext,
): Promise<MessageInitShape<typeof ListProjectsResponseSchema>> {
  const { names, incomplete } = await services.projectLists.read(callerOf(values), signal);
  return { projects: names.map((name) => ({ name })), incomplete };
}
