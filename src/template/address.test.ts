import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHARACTER } from "../../test/fakes/characters.ts";
import { type AddressOptions, compileAddress } from "./address.ts";
import { RefusedValue, TemplateError } from "./errors.ts";
import type { TemplateValues } from "./values.ts";

const valuesOf = (variables: TemplateValues["variables"]): TemplateValues => ({
  variables,
  lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
});
const render = (text: string, variables: TemplateValues["variables"] = {}, options?: AddressOptions): string =>
  compileAddress(text, options).render(valuesOf(variables)).href;

describe("a URL template", () => {
  it("is filled in", () => {
    const text =
      "https://logs.example.com:8443/a/${{ project }}/${{ jobName }}-${{ container }}.log?run=${{ metricName }}&x=a${{ stage }}b";
    const variables = {
      project: "shop",
      jobName: "u.m.1",
      container: "main",
      metricName: "a b/c?d&e=f#g(h",
      stage: "é",
    };
    expect(render(text, variables)).toBe(
      "https://logs.example.com:8443/a/shop/u.m.1-main.log?run=a%20b%2Fc%3Fd%26e%3Df%23g(h&x=a%C3%A9b",
    );
  });

  it("reports its origin if no value decides it, and the names that it uses", () => {
    const plain = compileAddress("https://Logs.example.com:443/${{ stage }}?a=${{ label('b') }}${{ mine }}", {
      vars: { mine: "x" },
    });
    expect(plain.origin).toBe("https://logs.example.com");
    expect([...plain.names]).toEqual(["stage", "label"]);
    expect(compileAddress("http://[::1]:8080").origin).toBe("http://[::1]:8080");
    expect(compileAddress("http://${{ stage }}.example.com", { hosts: ["*.example.com"] }).origin).toBeUndefined();
  });

  it("keeps what the operator wrote", () => {
    for (const text of [
      "http://x/",
      "http://x/a//b/?",
      "http://x/a(b)!*'~;v=1,2@:$?c=(d)*&e&f=a+b%20c",
      "http://x/%2F",
    ]) {
      expect(render(text)).toBe(text);
    }
    expect(render("http://x?a='")).toBe("http://x/?a=%27");
  });

  it.each(["/", "a/b", "../../other?x=#", "a%2Fb", "%", "..", ".", "a\\b", "a\0b", "\n", "\u0085", "\ud800"])(
    "refuses the value %j in a path",
    (value) => {
      for (const text of ["https://x/a/${{ metricName }}/b", "https://x/a/v${{ metricName }}w/b"]) {
        expect(() => render(text, { metricName: value })).toThrow(RefusedValue);
      }
    },
  );

  it("names a refused value and why, without showing the value or the URL", () => {
    expect(() => render("https://secret.example.com/${{ metricName }}", { metricName: "a/b" })).toThrow(
      expect.objectContaining({
        variable: "metricName",
        message: "The value of metricName contains a slash, which is not allowed in a path.",
      }),
    );
  });

  it.each([
    ["@", "%40"],
    [":", "%3A"],
    ["?", "%3F"],
    ["#", "%23"],
    ["a;b", "a%3Bb"],
    ["\u2215", "%E2%88%95"],
    ["\uff0f", "%EF%BC%8F"],
    ["\uff0e\uff0e", "%EF%BC%8E%EF%BC%8E"],
    ["...", "..."],
  ])("encodes the value %j in a path", (value, encoded) => {
    expect(render("https://x/a/${{ metricName }}/b", { metricName: value })).toBe(`https://x/a/${encoded}/b`);
  });

  it.each([
    "https://x/${{ stage }}${{ metricName }}/b",
    "https://x/.${{ metricName }}/b",
    "https://x/%2e${{ metricName }}",
  ])("refuses values that become a dot segment only in %s", (text) => {
    expect(() => render(text, { stage: "..;", metricName: ".;x" })).toThrow(/produces a dot segment in the path/);
  });

  it("refuses a dot segment with path parameters, which some servers strip", () => {
    expect(() => render("https://x/${{ metricName }}/b", { metricName: "..;a" })).toThrow(/produces a dot segment/);
  });

  it("refuses more than 8 KiB", () => {
    expect(() => render("https://x/${{ metricName }}", { metricName: "x".repeat(8200) })).toThrow(/longer than 8192/);
    expect(() => render("https://x/${{ metricName }}", { metricName: "é".repeat(2000) })).toThrow(/longer than 8192/);
  });

  it("refuses values that could change a nested query", () => {
    const loki = "https://x/?query=%7Bpod%3D~%22${{ metricName }}.*%22%7D&limit=${{ metricName }}";
    expect(render(loki, { metricName: "u.m-1" })).toContain("%22u.m-1.*%22");
    for (const metricName of ['a"} or {a="', "a b", "a\\", "a*", "a|b", "a`"]) {
      expect(() => render(loki, { metricName })).toThrow(/could change the surrounding query/);
      expect(() => render("https://x/?q=job:${{ metricName }}", { metricName })).toThrow(
        /could change the surrounding query/,
      );
      expect(render("https://x/?q=${{ metricName }}", { metricName })).toContain("?q=a");
    }
    expect(() => render("https://x/logs;query=a%3D%22${{ metricName }}%22", { metricName: 'a" OR "b' })).toThrow(
      /query/,
    );
  });

  it("allows a fragment only in links", () => {
    expect(() => compileAddress("https://x/#a")).toThrow(/must not have a fragment/);
    expect(render("https://x/#a=${{ stage }}", { stage: "b" }, { fragment: true })).toBe("https://x/#a=b");
    expect(() => render("https://x/#a=${{ stage }}", { stage: "b#c" }, { fragment: true })).toThrow(RefusedValue);
  });

  it.each([
    ["ftp://x/", "f", /must start with a literal http/],
    ["x/a", "x", /must start with a literal http/],
    ["${{ stage }}://x/", "$", /must start with a literal http/],
    ["https${{ stage }}://x/", "h", /must start with a literal http/],
    ["https://user:pass@x/", "user:pass@x", /user or password/],
    ["https://${{ stage }}@x/", "${{", /user or password/],
    ["https://x:${{ attempt }}/", "$", /port/],
    ["https://x:80${{ attempt }}/", "$", /port/],
    ["https://x:99999/", "h", /Invalid URL/],
    ["https:///a", "/", /Invalid host/],
    ["https://a%2eb/", "a%2eb", /Invalid host/],
    ["https://${{ stage }}.example.com/", "$", /require `hosts`/],
    ["https://x/a b", " ", /write it as %20/],
    ["https://x/a\\b", "\\", /write it as %5C/],
    ["https://x/a\n", "\n", /write it as %0A/],
    ["https://x/é", "é", /write it as %C3%A9/],
    ["https://x/${{ stage }}%zz", "%", /two hexadecimal digits/],
    ["https://x/${{ stage }}%${{ stage }}", "%", /two hexadecimal digits/],
    ["https://x/${{ stage }}[a]", "[", /write it as %5B/],
    ["https://x/${{ stage }}/../b", ".", /dot segment/],
    ["https://x/${{ stage }}/%2E%2e", "%", /dot segment/],
    ["https://x/?${{ stage }}=1", "$", /Query keys must be literal/],
    ["https://x/?a=${{ stage }}&b${{ stage }}=1", "$", /Query keys must be literal/],
    ["https://x/?a&${{ stage }}", "$", /Query keys must be literal/],
    ["https://x/\ue000", "\ue000", /not allowed in a/],
    ['https://x/${{ date(startedAt, "yyyy/MM") }}', "$", /contains a slash/],
    ['https://x/${{ stage + "/" + stage }}', "$", /contains a slash/],
  ])("%s is refused at load", (text, at, message) => {
    const fault = ((): unknown => {
      try {
        return compileAddress(text);
      } catch (error) {
        return error;
      }
    })() as TemplateError;
    expect(fault).toBeInstanceOf(TemplateError);
    expect(fault.message).toMatch(message);
    expect(text.slice(fault.offset, fault.offset + at.length)).toBe(at);
  });

  it("reports the right one of several parameters", () => {
    const text = "https://x/?a=1&flag&b=${{ stage }}&${{ jobName }}=2";
    expect(() => compileAddress(text)).toThrow(expect.objectContaining({ offset: text.lastIndexOf("${{") }));
  });
});

describe("a host with expressions", () => {
  const hosts = ["*.logs.example.com", "a.b.example.com:8443"];
  const make = (stage: string, text = "https://${{ stage }}.logs.example.com/x"): string =>
    render(text, { stage }, { hosts });

  it("may become what the configuration allows", () => {
    expect(make("prod")).toBe("https://prod.logs.example.com/x");
    expect(make("b", "https://a.${{ stage }}.example.com:8443/x")).toBe("https://a.b.example.com:8443/x");
  });

  it("may not become anything else", () => {
    expect(() => make("b", "https://a.${{ stage }}.example.com/x")).toThrow(/does not allow/);
    expect(() => make("evil", "https://x.${{ stage }}.com/x")).toThrow(/does not allow/);
    expect(() => make(`a${"b".repeat(62)}`, "https://${{ stage }}${{ stage }}.logs.example.com/x")).toThrow(
      /does not allow/,
    );
    expect(() => render("http://1.2.3.${{ stage }}/", { stage: "4" }, { hosts: ["*.*.*.*"] })).not.toThrow();
    expect(() => render("http://1.2.3.${{ stage }}/", { stage: "0x4" }, { hosts: ["*.*.*.*"] })).toThrow(RefusedValue);
  });

  it.each([
    "a.b",
    "evil.com/",
    "evil.com#",
    "a@b",
    "a:1",
    "-a",
    "a-",
    "A",
    "é",
    "a_b",
    "x".repeat(64),
    "%61",
    "\u3002",
  ])("refuses the value %j", (value) => {
    expect(() => make(value)).toThrow(/is not a single DNS label/);
  });
});

describe("whatever the values are", () => {
  const nasty = fc.oneof(
    { arbitrary: fc.stringMatching(/^[a-z@:.\u2215\uff0f-]{1,6}$/u), weight: 14 },
    fc.string({ unit: CHARACTER }),
    fc.string({ unit: fc.constantFrom(..."./\\%2eEfF?#&=@:;\0\n\t ab\u2215\uff0f\uff0e\u3002'\"`|<>{}[]^~+$,*()!-_") }),
    fc.constantFrom("..", ".", "%2e%2e", "../../other?x=#", "//evil.com", "..;", "a%2Fb", "\ud800"),
  );
  const template = compileAddress(
    "https://logs.example.com/a/${{ stage }}${{ jobName }}/v.${{ container }}/%61?k=${{ metricName }}&l=x${{ phase }}y&m=%22${{ rollout }}%22",
  );

  it("scheme, host, path depth and query keys stay, even after the path is decoded once more", () => {
    let rendered = 0;
    fc.assert(
      fc.property(nasty, nasty, nasty, nasty, nasty, nasty, (stage, jobName, container, metricName, phase, rollout) => {
        let url: URL;
        try {
          url = template.render(valuesOf({ stage, jobName, container, metricName, phase, rollout }));
        } catch (error) {
          expect(["MissingValue", "RefusedValue"]).toContain((error as Error).name);
          return;
        }
        rendered++;
        expect(url.origin).toBe("https://logs.example.com");
        expect(url.username + url.password + url.hash).toBe("");
        expect(url.pathname.split("/")).toHaveLength(5);
        expect([...url.searchParams.keys()]).toEqual(["k", "l", "m"]);
        expect(url.searchParams.get("k")).toBe(metricName);
        expect(url.searchParams.get("l")).toBe(`x${phase}y`);
        const decoded = decodeURIComponent(url.pathname);
        expect(decoded).toBe(`/a/${stage}${jobName}/v.${container}/a`);
        expect(decoded.split(/[/\\]/)).toHaveLength(5);
        expect(decoded).not.toMatch(/%|\/\.\.?(?:[/;]|$)|\/\//);
        expect(new URL(url.href).href).toBe(url.href);
      }),
      { numRuns: 3000 },
    );
    expect(rendered).toBeGreaterThan(300);
  });

  it("a host stays among those allowed", () => {
    const hosted = compileAddress("https://${{ stage }}.logs.example.com/${{ jobName }}", {
      hosts: ["*.logs.example.com"],
    });
    fc.assert(
      fc.property(fc.oneof(nasty, fc.stringMatching(/^[a-z0-9-]{1,5}$/)), (stage) => {
        try {
          const url = hosted.render(valuesOf({ stage, jobName: "x" }));
          expect(url.host).toBe(`${stage}.logs.example.com`);
        } catch (error) {
          expect(["MissingValue", "RefusedValue"]).toContain((error as Error).name);
        }
      }),
    );
  });
});
