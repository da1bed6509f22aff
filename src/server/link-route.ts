import type { Logger } from "pino";
import { takeCall } from "../access/call-rate.ts";
import { Failure } from "../failure.ts";
import { quoted } from "../quoted.ts";
import { httpStatus } from "../rpc/errors.ts";
import { resolveLinks } from "../rpc/links.ts";
import type { Services } from "../rpc/services.ts";
import { readAuthorizedRun } from "../runs/authorized-run.ts";
import { jobOf } from "../runs/job-of.ts";
import type { Run } from "../runs/run.ts";
import { readRunContext } from "../runs/run-context.ts";
import { selectAttempt } from "../runs/selection.ts";
import { MissingValue, RefusedValue } from "../template/errors.ts";
import { authenticateRequest } from "./authenticate-request.ts";
import { closedSignal, type NodeRequest, type NodeResponse, sendText } from "./node-http.ts";
import { failureHeaders, failureText, reportPlainFailure } from "./plain-failure.ts";
import { readRunPath } from "./run-path.ts";

/**
 * Redirects to an object in a private bucket: `GET /links/{project}/{run}?title=&metric=&attempt=&container=`.
 *
 * Access is decided first, as for the run's log. The address is good for five minutes, and the browser reads the object
 * from its store: HTML of others never comes from this server's origin.
 */
export async function serveLink(
  services: Services,
  log: Logger,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  const gone = closedSignal(response);
  const target = request.url ?? "/";
  try {
    const caller = await authenticateRequest(services, request, response, gone);
    takeCall(services.calls, caller);
    const own = { ...services, access: services.archiveAccess };
    const run = await readAuthorizedRun(own, caller, readRunPath(target, "/links/"), gone);
    const location = await addressOf(services, run, new URL(target, "http://localhost").searchParams, gone);
    sendText(response, 302, "", { location, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  } catch (error) {
    if (gone.aborted) return;
    const reported = await reportPlainFailure(error, services, log, gone);
    sendText(response, httpStatus(reported.failure), failureText(reported), failureHeaders(reported));
  }
}

async function addressOf(
  { kube, links, config, presign }: Services,
  run: Run,
  parameters: URLSearchParams,
  signal: AbortSignal,
): Promise<string> {
  const title = parameters.get("title") ?? "";
  const container = parameters.get("container") ?? undefined;
  const context = await readRunContext(kube, run, { shard: true, freight: true }, signal);
  for (const { link, containerName, values } of resolveLinks(links, run, context, aboutOf(run, parameters, config))) {
    if (link.kind !== "object" || link.config.title !== title || containerName !== container) continue;
    try {
      return await presign(link, link.key.render(values));
    } catch (error) {
      if (!(error instanceof MissingValue || error instanceof RefusedValue)) throw error;
    }
  }
  throw new Failure("not-found", "LINK_NOT_FOUND", `This run has no report ${quoted(title)}.`, {
    next: "Open the run: its page has links to all of its reports.",
  });
}

/** What the link is about: an attempt, or the run. */
function aboutOf(run: Run, parameters: URLSearchParams, { jobNamespaces }: Services["config"]) {
  const name = parameters.get("metric");
  if (name === null) return {};
  const number = Number(parameters.get("attempt") ?? "");
  const { metric, attempt } = selectAttempt(run, { metric: name, attempt: number });
  return { metric, attempt, job: jobOf(run, attempt, jobNamespaces) };
}
