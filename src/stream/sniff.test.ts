import { describe, expect, it } from "vitest";
import { looksLikeAnswer, looksLikePage } from "./sniff.ts";

const page = (text: string, mediaType?: string) => looksLikePage(Buffer.from(text), mediaType);

describe("looksLikePage", () => {
  it.each(["<!DOCTYPE html><title>Sign in</title>", "<!doctype HTML>", "\ufeff \r\n\t<html lang=en>", "<HTML>\n"])(
    "knows %j",
    (text) => {
      expect(page(text, undefined)).toBe(true);
      expect(page(text, "text/plain")).toBe(true);
    },
  );

  it.each(["", "<htmlish>", "not <html> at the start", "<testsuite>", "12:00 <html>"])(
    "lets %j pass as a log",
    (text) => {
      expect(page(text, undefined)).toBe(false);
    },
  );

  it("accepts text/html only for a body that begins with a tag", () => {
    expect(page("  <head><title>Sign in</title>", "text/html")).toBe(true);
    expect(page("12:00 starting\n", "text/html")).toBe(false);
    expect(page("", "text/html")).toBe(false);
  });

  it("searches for the first character only in the sample", () => {
    expect(page(`${" ".repeat(2000)}<html>`)).toBe(false);
  });
});

describe("looksLikeAnswer", () => {
  const answer = (text: string, mediaType?: string) => looksLikeAnswer(Buffer.from(text), mediaType);

  it.each(["application/json", "application/problem+json", "application/vnd.api+json"])(
    "knows one JSON document in %s",
    (type) => {
      expect(answer('\ufeff {"error": "no such key"}\n', type)).toBe(true);
      expect(answer("[]", type)).toBe(true);
    },
  );

  it.each([
    ['{"level":"info"}\n{"level":"error"}\n', "application/json"],
    ['{"level":"info"}\n', "application/x-ndjson"],
    ['{"level":"info"}\n', "text/plain"],
    ['{"level":"info"}\n', undefined],
    ["12", "application/json"],
    ["{cut off", "application/json"],
    ["", "application/json"],
    [JSON.stringify("x".repeat(65_536).split("")), "application/json"],
  ])("lets %j in %s pass as a log", (text, type) => {
    expect(answer(text, type)).toBe(false);
  });
});
