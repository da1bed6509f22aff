import { describe, expect, it } from "vitest";
import { DOCUMENT_BYTES, type Sniffed, sniff } from "./sniff.ts";

const of = (text: string, mediaType?: string, ended = true): Sniffed => sniff(Buffer.from(text), mediaType, ended);
const NO_SUCH_KEY =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>No such key</Message></Error>';

describe("a web page in place of a log", () => {
  it.each([
    "<!DOCTYPE html><title>Sign in</title></html>",
    "<!doctype HTML>\n<p>unclosed</p>",
    "\ufeff \r\n\t<html lang=en></html>\n",
    "<HTML>\n</HTML>\n<!-- a padding to disable MSIE's own page -->\n",
    "<!-- made by a proxy -->\n<html></html>",
    '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x"><html></html>',
  ])("is %j, whatever its media type", (text) => {
    for (const type of [undefined, "text/plain", "text/html", "application/octet-stream"]) {
      expect(of(text, type)).toBe("page");
    }
  });

  it.each(["  <head><title>Sign in</title>", "<script>location='/login'</script>", "<html><p>no end"])(
    "is %j if its media type says so",
    (text) => {
      expect(of(text, "text/html")).toBe("page");
      expect(of(text, "text/plain")).toBe("log");
    },
  );

  it.each([
    "",
    "<htmlish>",
    "not <html> at the start",
    "<testsuite>",
    "12:00 <html>",
    "<13>Jan  1 12:00:00 host app: started\n",
    "<init> started",
    `${" ".repeat(2000)}<html></html>`,
    "<!doctype html>\n<html></html>curl: (22) The requested URL returned error: 503\n",
    "<html>one</html>\n<html>two</html>\n",
  ])("is not %j, even in text/html", (text) => {
    expect(of(text, "text/html")).toBe("log");
    expect(of(text, "text/plain")).toBe("log");
  });

  it("is told from a log in time however many comments are open", () => {
    expect(of(`<html></html>${"<!--".repeat(16_000)}`, "text/html")).toBe("log");
    expect(of(`<html></html>${"<!---->".repeat(9_000)}`, "text/html")).toBe("page");
  });

  it("is larger than 64 KiB only if its media type says so", () => {
    const large = `<!doctype html>${"<p>x</p>".repeat(10_000)}</html>`;
    expect(of(large, "text/html")).toBe("page");
    expect(of(large, "text/html", false)).toBe("page");
    expect(of(large, "text/plain")).toBe("log");
    expect(of(large, "text/plain", false)).toBe("log");
  });
});

describe("an XML error in place of a log", () => {
  it("is one, whatever its media type", () => {
    for (const type of [undefined, "text/plain", "application/xml", "text/xml"]) {
      expect(of(NO_SUCH_KEY, type)).toBe("xml-error");
      expect(of("<Error><Code>AccessDenied</Code></Error>\n", type)).toBe("xml-error");
    }
  });

  it("is no report of tests, and no error with text behind it", () => {
    expect(of('<?xml version="1.0"?>\n<testsuites></testsuites>', "application/xml")).toBe("log");
    expect(of(`${NO_SUCH_KEY}\nretrying\n`, "application/xml")).toBe("log");
    expect(of("<errors-found> 3", "text/plain")).toBe("log");
  });
});

describe("a JSON error in place of a log", () => {
  it.each([
    '{"error": {"code": 404, "message": "No such object"}}',
    '{\n  "errors": [{"status": 404, "message": "File not found."}]\n}\n',
    '{"kind":"Status","status":"Failure","message":"pods not found","reason":"NotFound","code":404}',
    '{"code":"NoSuchKey","message":"The specified key does not exist."}',
    '{"timestamp":"2026-01-01","status":503,"error":"Service Unavailable","path":"/x"}',
  ])("is %j, whatever its media type", (text) => {
    for (const type of [undefined, "text/plain", "application/json", "application/problem+json"]) {
      expect(of(text, type)).toBe("json-error");
    }
  });

  it.each(['\ufeff {"error": "no such bucket"}\n', '{"detail":"Not Found"}', '{"message":"denied"}'])(
    "is %j only if its media type says so: a job may have written it",
    (text) => {
      expect(of(text, "application/json")).toBe("json-error");
      expect(of(text, "text/plain")).toBe("log");
    },
  );

  it.each(["[]", '{"passed": 3}', '{"level":"error","msg":"no","error":"x"}\n'])(
    "is not %j, which is a document all the same if its media type says so",
    (text) => {
      expect(of(text, "application/json")).toBe("json");
      expect(of(text, "text/plain")).toBe("log");
      expect(of(text, "application/x-ndjson")).toBe("log");
    },
  );

  it.each([
    '{"level":"info"}\n{"level":"error"}\n',
    '{"error":{"code":404,"message":"x"}}\nretrying\n',
    "12",
    "{cut off",
    "",
    "[INFO] begins",
    JSON.stringify("x".repeat(DOCUMENT_BYTES).split("")),
    JSON.stringify({ error: { code: 404, message: "x".repeat(DOCUMENT_BYTES) } }),
  ])("is not %j", (text) => {
    expect(of(text, "application/json")).toBe("log");
    expect(of(text, "text/plain")).toBe("log");
  });
});

describe("the first bytes of a log", () => {
  it.each([
    "12:00 starting\n",
    "[INFO] begins",
    "{cut",
    '{"level":"info","msg":"x"}\n',
    "<13>Jan  1 12:00",
    "<init> ",
    "<!doctype html></html>curl",
  ])("are known as such without waiting for more: %j", (text) => {
    expect(of(text, "text/plain", false)).toBe("log");
  });

  it("are as much as it takes where a document begins like them, however they are cut", () => {
    for (const text of ["\ufeff<!doctype html><p></html>", NO_SUCH_KEY, '{"error":{"code":404}}', " <html>"]) {
      for (let end = 0; end <= Buffer.byteLength(text); end += 1) {
        expect(sniff(Buffer.from(text).subarray(0, end), undefined, false)).toBeUndefined();
      }
    }
  });
});
