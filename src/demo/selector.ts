import type * as z from "zod";
import type { ExpressionShape, SelectorShape } from "./shapes.ts";

/** A test of one object's labels. */
export type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

/** Compiles an object's own selector: all of its requirements must match. */
export function testOf(selector: z.infer<typeof SelectorShape>): LabelTest {
  const equal = Object.entries(selector.matchLabels).map(([key, value]) => requirement(key, "In", [value]));
  const rest = selector.matchExpressions.map(({ key, operator, values }) => requirement(key, operator, values));
  return all([...equal, ...rest]);
}

const WORD = "[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?";
const PART = new RegExp(
  `^(?:(?<absent>!?)(?<key>${WORD})|(?<left>${WORD})\\s*(?<equals>==?|!=)\\s*(?<value>(?:${WORD})?)|(?<member>${WORD})\\s+(?<set>in|notin)\\s*\\((?<values>[^()]*)\\))$`,
);

/**
 * Parses the text form of a selector, as in the query parameter `labelSelector`: `a=b`, `a==b`, `a!=b`, `a in (b, c)`,
 * `a notin (b)`, `a`, `!a`, separated by commas.
 *
 * @returns the test, or `undefined` if the text is invalid.
 */
export function parseSelector(text: string): LabelTest | undefined {
  const tests: LabelTest[] = [];
  // A comma within parentheses belongs to a set of values.
  for (const part of text.split(/,(?![^(]*\))/)) {
    if (part.trim() === "") continue;
    const groups = PART.exec(part.trim())?.groups;
    if (groups === undefined) return undefined;
    const { absent, key, left, equals, value = "", member, set, values = "" } = groups;
    if (key !== undefined) tests.push(requirement(key, absent === "!" ? "DoesNotExist" : "Exists", []));
    if (left !== undefined) tests.push(requirement(left, equals === "!=" ? "NotIn" : "In", [value]));
    if (member !== undefined) {
      const list = values.split(",").map((each) => each.trim());
      tests.push(requirement(member, set === "in" ? "In" : "NotIn", list));
    }
  }
  return all(tests);
}

type Operator = z.infer<typeof ExpressionShape>["operator"];

function requirement(key: string, operator: Operator, values: readonly string[]): LabelTest {
  return (labels) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const within = value !== undefined && values.includes(value);
    switch (operator) {
      case "In":
        return within;
      case "NotIn":
        // As in Kubernetes, an object without the label is not in the set either.
        return !within;
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
    }
  };
}

function all(tests: readonly LabelTest[]): LabelTest {
  return (labels) => tests.every((test) => test(labels));
}
