import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { ListProjectsRequest, ListProjectsResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { listProjects as namesOf } from "../runs/list-projects.ts";
import { callerOf } from "./caller-context.ts";
import type { Services } from "./services.ts";

/** Lists the projects in which the caller may read runs. */
export async function listProjects(
  services: Services,
  _request: ListProjectsRequest,
  { signal, values }: HandlerContext,
): Promise<MessageInitShape<typeof ListProjectsResponseSchema>> {
  const { selector } = services.config.projects;
  const { names, incomplete } = await namesOf(services, callerOf(values), selector, signal);
  return { projects: names.map((name) => ({ name })), incomplete };
}
