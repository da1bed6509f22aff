// Runs for every test file. Each secret that is revealed counts as planted, and everything that the program logs, sends
// to its callers or prints is searched for it.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DestinationStream } from "pino";
import { afterAll, afterEach, expect, inject, vi } from "vitest";
import "./plant-revealed.ts";
import { resetSearch, search, searchSum, takeFound } from "./search.ts";

// Test files may share a worker, where this runs once for each of them.
resetSearch();

vi.mock("../../src/telemetry/log.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/telemetry/log.ts")>();
  return {
    ...original,
    createLog: (level: string, destination?: DestinationStream) => {
      const write = (line: string): void => {
        search("log", line);
        destination?.write(line);
      };
      return original.createLog(level, { write });
    },
  };
});

vi.mock("../../src/rpc/errors.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/rpc/errors.ts")>();
  return {
    ...original,
    reportFailure: (error: unknown) => {
      const told = original.reportFailure(error);
      const { message, next, available, tries } = told.failure;
      search("failure", JSON.stringify([message, next, available, tries]));
      return told;
    },
  };
});

const expectNone = (): void => expect(takeFound()).toEqual([]);
afterEach(expectNone);
afterAll(() => {
  writeFileSync(join(inject("searchSums"), randomUUID()), JSON.stringify(searchSum()));
  expectNone();
});
