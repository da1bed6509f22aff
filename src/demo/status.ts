import type { PathTarget } from "./resource-kinds.ts";

/** A refusal in Kubernetes' words: the body is a Status. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: object | undefined;

  constructor(code: number, reason: string, message: string, details?: object) {
    super(message);
    this.name = "StatusError";
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The body of the response. */
  toBody(): object {
    const { message, reason, details, code } = this;
    const head = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
    return { ...head, message, reason, ...(details && { details }), code };
  }
}

export const unauthorized = (): StatusError => new StatusError(401, "Unauthorized", "Unauthorized");

export const unknownPath = (): StatusError =>
  new StatusError(404, "NotFound", "the server could not find the requested resource", {});

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export const badRequest = (message: string): StatusError => new StatusError(400, "BadRequest", message);

export function notFound(target: PathTarget): StatusError {
  return new StatusError(404, "NotFound", `${qualified(target)} "${target.name}" not found`, detailsOf(target));
}

/** @param namespace the one that access was reviewed in; empty for cluster scope. */
export function forbidden(target: PathTarget, user: string, verb: string, namespace: string): StatusError {
  const { resource, name, subresource } = target;
  const part = subresource === "" ? resource.plural : `${resource.plural}/${subresource}`;
  const what = name === "" ? qualified(target) : `${qualified(target)} "${name}"`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const may = `User "${user}" cannot ${verb} resource "${part}" in API group "${resource.group}" ${where}`;
  return new StatusError(403, "Forbidden", `${what} is forbidden: ${may}`, detailsOf(target));
}

/** A review whose spec lacks something. */
export function invalid(target: PathTarget, field: string, why: string): StatusError {
  const { group, kind } = target.resource;
  const causes = [{ reason: "FieldValueInvalid", message: why, field }];
  return new StatusError(422, "Invalid", `${kind}.${group} "" is invalid: ${field}: ${why}`, { group, kind, causes });
}

function qualified({ resource: { plural, group } }: PathTarget): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function detailsOf({ resource: { plural, group }, name }: PathTarget): object {
  return { ...(name !== "" && { name }), ...(group !== "" && { group }), kind: plural };
}
