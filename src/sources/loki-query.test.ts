import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLogql } from "../../test/fakes/model-loki.ts";
import type { TemplateValues } from "../template/values.ts";
import { LOKI_PRESETS, ofStream, ownQuery, presetQuery, splitQuery, withLabel } from "./loki-query.ts";

const NONE = () => undefined;
const values = (variables: Readonly<Record<string, string>>, label: (key: string) => string | undefined = NONE) =>
  ({ variables, lookups: { label, annotation: NONE, arg: NONE, freight: NONE } }) as TemplateValues;

const JOB = { jobNamespace: "shop", jobName: "uid.smoke.1", podPrefix: "uid.smoke.1-", container: "main" };
const UUID = "00000000-0000-4000-8000-000000000001";
/** What the author of a run could write to break out. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 30 }),
  fc.stringMatching(/^["\\{}|=~`#\n.*a]{1,20}$/),
  fc.constantFrom('a"} or {namespace=~".+', '\\"', "a\\", '", namespace="other', "a|b", ".*", "(?i)x", "`", "\u0000"),
);

describe("a query by the labels of", () => {
  it.each(["alloy", "promtail"] as const)("%s names the container, and its pod by the Job's name", (preset) => {
    const { text, ambiguous } = presetQuery(preset).render(values(JOB));
    expect(text).toBe(String.raw`{namespace="shop", pod=~"uid\\.smoke\\.1-.*", container="main"}`);
    expect(ambiguous).toBe(false);
  });

  it("fluent-bit names them as its records do", () => {
    const { text } = presetQuery("fluent-bit").render(values(JOB));
    const { matchers, filters } = parseLogql(text);
    expect(matchers.map(({ label, value }) => [label, value])).toEqual([["job", "fluent-?bit"]]);
    const record = JSON.stringify({
      log: "ok",
      kubernetes: { pod_name: "uid.smoke.1-abcde", namespace_name: "shop", container_name: "main" },
    });
    expect(filters.every((filter) => record.includes(filter))).toBe(true);
    const quoted = JSON.stringify({ log: record, kubernetes: { pod_name: "another" } });
    expect(filters.every((filter) => quoted.includes(filter))).toBe(false);
  });

  it.each(LOKI_PRESETS)("%s names the pod if it is known", (preset) => {
    const { text, ambiguous } = presetQuery(preset).render(values({ ...JOB, podName: "uid.smoke.1-abcde" }));
    expect(text).toContain("uid.smoke.1-abcde");
    expect(ambiguous).toBe(false);
  });

  it.each(LOKI_PRESETS)("%s stays a query for these values, whatever they are", (preset) => {
    fc.assert(
      fc.property(hostile, hostile, hostile, fc.boolean(), (jobNamespace, pod, container, isKnown) => {
        const { text } = presetQuery(preset).render(
          values({ jobNamespace, container, podPrefix: pod, ...(isKnown && { podName: pod }) }),
        );
        const { matchers, filters } = parseLogql(text);
        if (preset === "fluent-bit") {
          expect([matchers.length, filters.length]).toEqual([1, 3]);
          expect(filters[1]).toBe(`"namespace_name":"${jobNamespace}"`);
          return;
        }
        expect(filters).toEqual([]);
        expect(matchers.map(({ label }) => label)).toEqual(["namespace", "pod", "container"]);
        const labels = { namespace: jobNamespace, container };
        const isMatch = (name: string) => matchers.every((matcher) => matcher.matches({ ...labels, pod: name }));
        expect([isMatch(pod), isMatch(`${pod}abcde`)]).toEqual([true, !isKnown]);
        expect(isMatch(`x${pod}`)).toBe(false);
      }),
      { examples: [["a", "b", "c", true]] },
    );
  });
});

describe("pods' names", () => {
  const render = (jobName: string) =>
    presetQuery("alloy").render(values({ ...JOB, jobName, podPrefix: `${jobName}-`.slice(0, 58) })).ambiguous;

  it("tell attempts apart as long as they hold the whole name of the Job", () => {
    expect(render(`${UUID}.${"m".repeat(18)}.1`)).toBe(false);
    expect(render(`${UUID}.${"m".repeat(19)}.1`)).toBe(true);
    expect(render(`${UUID}.${"m".repeat(18)}.10`)).toBe(true);
    expect(render(`${UUID}.${"m".repeat(20)}-metric.1`)).toBe(true);
  });
});

describe("an operator's query", () => {
  it("is rendered with its values escaped", () => {
    const query = ownQuery('{app="${{ label("app") }}", pod=~"${{ podPrefix }}.*"} |= "${{ cluster }}"', {
      cluster: "eu",
    });
    const { text, ambiguous } = query.render(values(JOB, () => 'a"b'));
    expect(text).toBe(String.raw`{app="a\"b", pod=~"uid\\.smoke\\.1-.*"} |= "eu"`);
    expect(ambiguous).toBe(false);
    expect(query.names).toContain("label");
  });

  it("is ambiguous only if it uses the prefix of pods' names", () => {
    const cut = values({ ...JOB, podPrefix: "job-of-a-lo", jobName: "job-of-a-long-metric" });
    expect(ownQuery('{pod=~"${{ podPrefix }}.*"}', {}).render(cut).ambiguous).toBe(true);
    expect(ownQuery('{job_name="${{ jobName }}"}', {}).render(cut).ambiguous).toBe(false);
  });

  it.each([
    ['count_over_time({app="a"}[1m])', "must begin with a stream selector"],
    ["{app=`${{ stage }}`}", "in double quotes"],
    ["{${{ stage }}}", "in double quotes"],
    ['{app="a"} | label_format x="${{ stage }}"', "must be in a string after"],
    ['{app="${{ stag }}"}', "Did you mean stage"],
    ['{app="a}', "Unterminated string"],
  ])("is refused at load if it is %s", (text, message) => {
    expect(() => ownQuery(text, {})).toThrow(message);
  });
});

describe("a query is narrowed", () => {
  const query = String.raw`{app="a}\"{", b=~"c"} |= "x"`;

  it("behind its selector, wherever that ends", () => {
    expect(splitQuery(query)).toEqual({ selector: String.raw`{app="a}\"{", b=~"c"}`, pipeline: ' |= "x"' });
    expect(splitQuery("{a=`}`, b=`\\`} | json").selector).toBe("{a=`}`, b=`\\`}");
  });

  it("to pods and to a stream, whatever their names are", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 3 }), (pods) => {
        const { matchers, filters } = parseLogql(withLabel(query, "pod", pods));
        expect(filters).toEqual(["x"]);
        expect(matchers.map(({ label }) => label)).toEqual(["app", "b", "pod"]);
        for (const pod of pods) expect(matchers[2]?.matches({ pod })).toBe(true);
        expect(matchers[2]?.matches({ pod: `${pods.join("|")}!` })).toBe(false);
        const [first = ""] = pods;
        const one = parseLogql(ofStream(query, { pod: first, stream: "stdout" }));
        expect(one.filters).toEqual(["x"]);
        expect(one.matchers.map(({ label, value }) => [label, value])).toEqual([
          ["pod", first],
          ["stream", "stdout"],
        ]);
      }),
    );
    expect(withLabel("{}", "pod", ["a"])).toBe('{pod=~"a"}');
    expect(withLabel('{a="b",}', "pod", ["c"])).toBe('{a="b", pod=~"c"}');
  });
});
