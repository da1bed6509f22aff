import * as z from "zod";
import type { KubeObject } from "./objects.ts";
import { allowedBy } from "./rbac.ts";
import { apiVersionOf, type PathTarget } from "./resource-kinds.ts";
import { API_AUDIENCE } from "./shapes.ts";
import { badRequest, invalid } from "./status.ts";
import { type TokenUser, userOf } from "./tokens.ts";

const text = z.string().default("");
const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

const TokenReviewBody = z.looseObject({ spec: z.looseObject({ token: text, audiences: texts }) });
const AccessReviewBody = z.looseObject({
  spec: z.looseObject({
    user: text,
    groups: texts,
    resourceAttributes: z
      .object({ verb: text, group: text, resource: text, subresource: text, name: text, namespace: text })
      .optional(),
  }),
});

/**
 * Answers a TokenReview, a SelfSubjectReview, a SubjectAccessReview or a SelfSubjectAccessReview.
 *
 * @param asker the caller.
 * @throws StatusError if the review is invalid.
 */
export function answerReview(
  objects: Iterable<KubeObject>,
  target: PathTarget,
  body: unknown,
  asker: Pick<TokenUser, "username" | "groups">,
): object {
  const status = statusOf(objects, target, body, asker);
  return {
    kind: target.resource.kind,
    apiVersion: apiVersionOf(target.resource),
    metadata: { creationTimestamp: null },
    spec: (body as { readonly spec?: object }).spec,
    status,
  };
}

function statusOf(
  objects: Iterable<KubeObject>,
  target: PathTarget,
  body: unknown,
  { username, groups }: Pick<TokenUser, "username" | "groups">,
): object {
  switch (target.resource.kind) {
    case "TokenReview":
      return reviewToken(objects, body);
    case "SelfSubjectReview":
      return { userInfo: { username, groups } };
    case "SelfSubjectAccessReview": {
      const { spec } = parse(AccessReviewBody, body);
      return reviewAccess(objects, target, { spec: { ...spec, user: username, groups } });
    }
    default:
      return reviewAccess(objects, target, body);
  }
}

function reviewToken(objects: Iterable<KubeObject>, body: unknown): object {
  const { spec } = parse(TokenReviewBody, body);
  if (spec.token === "") throw badRequest("token is required for TokenReview in authentication");
  const user = userOf(objects, spec.token, spec.audiences.length > 0 ? spec.audiences : [API_AUDIENCE]);
  if (user === undefined) return { user: {}, error: "[invalid bearer token, token lookup failed]" };
  const { username, uid, groups, audiences } = user;
  return { authenticated: true, user: { username, ...(uid !== undefined && { uid }), groups }, audiences };
}

function reviewAccess(objects: Iterable<KubeObject>, target: PathTarget, body: unknown): object {
  const { user, groups, resourceAttributes } = parse(AccessReviewBody, body).spec;
  if (resourceAttributes === undefined) {
    throw invalid(target, "spec.resourceAttributes", "this server decides about resources only");
  }
  if (user === "" && groups.length === 0) {
    throw invalid(target, "spec.user", "at least one of user or group must be specified");
  }
  const reason = allowedBy(objects, { user, groups, ...resourceAttributes });
  return reason === undefined ? { allowed: false } : { allowed: true, reason };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw badRequest(`the object provided is unrecognized: ${z.prettifyError(parsed.error)}`);
}
