import { type Document, isNode, isScalar, LineCounter, parseAllDocuments, Scalar, visit } from "yaml";
import * as z from "zod";
import { Failure } from "../failure.ts";
import { SHAPES } from "./shapes.ts";

/** A Kubernetes object, as far as the demo uses it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    /** Absent for cluster-scoped kinds. */
    readonly namespace?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

const Shape = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

/**
 * Reads Kubernetes objects from YAML documents.
 *
 * A plain scalar such as `now-6m14s` (units d, h, m, s in this order; also `now` alone) becomes that time, in RFC 3339
 * with whole seconds; a quoted one is left as it is.
 *
 * @param now the time that `now` stands for.
 * @param file the file name in errors. Default `cluster.yaml`.
 * @throws Failure of kind `not-configured` with file and line if the text is not YAML, or a document is not an object,
 * or not a valid role, binding or token.
 */
export function loadObjects(text: string, now: Date, file = "cluster.yaml"): readonly KubeObject[] {
  const lines = new LineCounter();
  const refuse = (offset: number, why: string): Failure =>
    new Failure("not-configured", "CLUSTER_FILE_INVALID", `${file}:${lines.linePos(offset).line}: ${why}`, {
      next: `Correct ${file} and restart.`,
    });

  const seen = new Set<string>();
  const objects: KubeObject[] = [];
  for (const document of parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })) {
    const [error] = document.errors;
    if (error !== undefined) throw refuse(error.pos[0], error.message);
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) continue;
    const start = document.contents.range[0];

    visit(document, {
      Scalar(_key, node) {
        if (node.type !== Scalar.PLAIN || typeof node.value !== "string" || !/^now(-\d|$)/.test(node.value)) return;
        const before = millisecondsOf(node.value);
        if (before === undefined) {
          throw refuse(
            node.range?.[0] ?? start,
            `"${node.value}" is not a time. Write, for example, now-2d4h or now-6m14s.`,
          );
        }
        node.value = new Date(now.getTime() - before).toISOString().replace(/\.\d+Z$/, "Z");
      },
    });

    const refuseAt = ({ path, message }: z.core.$ZodIssue): Failure =>
      refuse(
        offsetOf(document, path) ?? start,
        `not a Kubernetes object: ${[path.join("."), message].filter(Boolean).join(": ")}`,
      );
    const parsed = Shape.safeParse(document.toJS());
    if (!parsed.success) throw refuseAt(parsed.error.issues[0] as z.core.$ZodIssue);
    const object: KubeObject = parsed.data;
    const more = SHAPES.get(`${object.apiVersion} ${object.kind}`)?.safeParse(object);
    if (more?.success === false) throw refuseAt(more.error.issues[0] as z.core.$ZodIssue);
    const key = keyOf(object);
    if (seen.has(key)) throw refuse(start, `Duplicate ${object.kind} "${object.metadata.name}".`);
    seen.add(key);
    objects.push(object);
  }
  return objects;
}

/** The identity of an object: group, kind, namespace and name. */
export function keyOf(object: KubeObject): string {
  const group = groupOf(object.apiVersion);
  return `${group}/${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

/** The API group in an `apiVersion`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** The position of the value at a path, or of its closest existing parent. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}

function millisecondsOf(scalar: string): number | undefined {
  const parts = /^now(?:-(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?$/.exec(scalar);
  if (parts === null) return undefined;
  const [, d, h, m, s] = parts.map((part) => Number(part ?? 0));
  return (d ?? 0) * UNIT_MS.d + (h ?? 0) * UNIT_MS.h + (m ?? 0) * UNIT_MS.m + (s ?? 0) * UNIT_MS.s;
}
