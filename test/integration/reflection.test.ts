import { create, createFileRegistry, type FileRegistry, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  type ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflection as V1,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { PROTOCOLS } from "./protocols.ts";
import { errorOf } from "./read-log.ts";
import { useWorld } from "./world.ts";

type Ask = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

const SERVICE = "taffrail.v1.AnalysisRunLogService";
// Bidirectional streams need HTTP/2.
const WAYS = PROTOCOLS.filter(({ name }) => name.includes("h2c")).flatMap((protocol) =>
  [V1, V1Alpha as unknown as typeof V1].map((service) => ({
    protocol,
    service,
    way: `${service.typeName} by ${protocol.name}`,
  })),
);

describe.each(WAYS)("reflection: $way", ({ protocol, service }) => {
  const world = useWorld();

  async function ask(...requests: Ask[]): Promise<ServerReflectionResponse["messageResponse"][]> {
    const client = createClient(service, world().transport(protocol));
    const stream = client.serverReflectionInfo(
      (async function* () {
        for (const messageRequest of requests) yield { host: "x", messageRequest };
      })(),
    );
    const answers: ServerReflectionResponse["messageResponse"][] = [];
    for await (const { messageResponse } of stream) answers.push(messageResponse);
    return answers;
  }

  async function filesFor(request: Ask): Promise<FileDescriptorProto[]> {
    const [answer] = await ask(request);
    if (answer?.case !== "fileDescriptorResponse") throw new Error(`There is ${JSON.stringify(answer)}.`);
    return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  }

  /** The registry of a client that has only these files. */
  const registryOf = (file: FileDescriptorProto[]): FileRegistry =>
    createFileRegistry(create(FileDescriptorSetSchema, { file }));

  it("lists the services", async () => {
    const [answer] = await ask({ case: "listServices", value: "" });
    expect(answer?.value).toMatchObject({
      service: [
        { name: SERVICE },
        { name: "akuity.io.kargo.service.v1alpha1.KargoService" },
        { name: "grpc.health.v1.Health" },
        { name: "grpc.reflection.v1.ServerReflection" },
        { name: "grpc.reflection.v1alpha.ServerReflection" },
      ],
    });
  });

  it("describes every listed service with a complete set of files", async () => {
    const [answer] = await ask({ case: "listServices", value: "" });
    if (answer?.case !== "listServicesResponse") throw new Error("There is no list.");
    for (const { name } of answer.value.service) {
      const files = await filesFor({ case: "fileContainingSymbol", value: name });
      expect(registryOf(files).getService(name)?.methods.length).toBeGreaterThan(0);
    }
  });

  it.each([
    ["a service", SERVICE],
    ["a method", `${SERVICE}.GetAnalysisRunLogs`],
    ["a message", "taffrail.v1.Origin"],
    ["a field", "taffrail.v1.Origin.metric_name"],
    ["a oneof", "taffrail.v1.GetAnalysisRunLogsResponse.event"],
    ["an enum", "taffrail.v1.EndReason"],
    ["an enum's value", "taffrail.v1.END_REASON_COMPLETE"],
    ["the detail of an error", "taffrail.v1.SourceChain"],
  ])("finds the file of %s", async (_, value) => {
    const files = await filesFor({ case: "fileContainingSymbol", value });
    expect(files.map(({ name }) => name)).toContain("taffrail/v1/analysis_run_logs.proto");
  });

  it.each([
    [
      "a message within a message",
      "google.protobuf.DescriptorProto.ExtensionRange",
      "google/protobuf/descriptor.proto",
    ],
    ["an enum within a message", "grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"],
    ["an enum's value within a message", "grpc.health.v1.HealthCheckResponse.SERVING", "grpc/health/v1/health.proto"],
    ["an extension", "buf.validate.field", "buf/validate/validate.proto"],
    ["the cause of an error", "google.rpc.ErrorInfo", "google/rpc/error_details.proto"],
    ["what is wrong with a request", "buf.validate.Violations", "buf/validate/validate.proto"],
    ["a type that all have", "google.protobuf.Timestamp", "google/protobuf/timestamp.proto"],
  ])("finds the file of %s", async (_, value, name) => {
    const files = await filesFor({ case: "fileContainingSymbol", value });
    expect(files.at(-1)?.name).toBe(name);
    expect(() => registryOf(files)).not.toThrow();
  });

  it("finds a file by its name", async () => {
    const name = "taffrail/v1/analysis_run_logs.proto";
    const files = await filesFor({ case: "fileByFilename", value: name });
    expect(registryOf(files).getFile(name)).toBeDefined();
  });

  it("finds extensions by the message they extend", async () => {
    const containingType = "google.protobuf.FieldOptions";
    const files = await filesFor({ case: "fileContainingExtension", value: { containingType, extensionNumber: 1159 } });
    expect(files.at(-1)?.name).toBe("buf/validate/validate.proto");
    const [numbers] = await ask({ case: "allExtensionNumbersOfType", value: containingType });
    expect(numbers?.value).toMatchObject({
      baseTypeName: containingType,
      extensionNumber: expect.arrayContaining([1159]),
    });
  });

  it.each<Ask>([
    { case: "fileContainingSymbol", value: "taffrail.v1.Nothing" },
    { case: "fileContainingSymbol", value: `${SERVICE}.Nothing` },
    { case: "fileContainingSymbol", value: "taffrail.v1.Origin.nothing" },
    { case: "fileContainingSymbol", value: "taffrail.v1" },
    { case: "fileContainingSymbol", value: "" },
    { case: "fileByFilename", value: "taffrail/v1/analysis_run_logs" },
    { case: "fileByFilename", value: "../package.json" },
    { case: "fileContainingExtension", value: { containingType: "google.protobuf.FieldOptions", extensionNumber: 1 } },
    { case: "fileContainingExtension", value: { containingType: "nothing", extensionNumber: 1159 } },
    { case: "allExtensionNumbersOfType", value: "taffrail.v1.Nothing" },
  ])("answers NOT_FOUND to %o, and keeps the stream open", async (request) => {
    const [answer, next] = await ask(request, { case: "listServices", value: "" });
    expect(answer).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
    expect(next?.case).toBe("listServicesResponse");
  });

  it("sends the files that others import once in a stream", async () => {
    const symbol: Ask = { case: "fileContainingSymbol", value: SERVICE };
    const answers = await ask(symbol, symbol, { case: "fileContainingSymbol", value: "google.protobuf.Timestamp" });
    const files = answers.map((answer) => (answer.case === "fileDescriptorResponse" ? answer.value : undefined));
    expect(files.map((each) => each?.fileDescriptorProto.length)).toEqual([expect.toSatisfy((n) => n > 5), 1, 1]);
  });

  it("answers 100 requests of a stream", async () => {
    const list: Ask = { case: "listServices", value: "" };
    expect(await ask(...Array.from({ length: 100 }, () => list))).toHaveLength(100);
    const error = await errorOf(ask(...Array.from({ length: 101 }, () => list)));
    expect(error).toMatchObject({ code: "ResourceExhausted", reason: "TOO_MANY_REQUESTS" });
  });

  it("rejects an empty request", async () => {
    const client = createClient(service, world().transport(protocol));
    for await (const { messageResponse, validHost, originalRequest } of client.serverReflectionInfo(
      (async function* () {
        yield { host: "example.com" };
      })(),
    )) {
      expect(messageResponse).toMatchObject({ case: "errorResponse", value: { errorCode: 3 } });
      expect([validHost, originalRequest?.host]).toEqual(["example.com", "example.com"]);
    }
  });
});

describe.each(WAYS)("many requests of reflection: $way", ({ protocol, service }) => {
  const world = useWorld({ config: { limits: { publicRequestsPerAddress: 3, proxies: 1 } } });

  async function ask(address: string, count: number): Promise<number> {
    const client = createClient(service, world().transport(protocol));
    const requests = (async function* () {
      for (let sent = 0; sent < count; sent += 1)
        yield { messageRequest: { case: "listServices" as const, value: "" } };
    })();
    let answers = 0;
    const options = { headers: { "x-forwarded-for": address } };
    for await (const _ of client.serverReflectionInfo(requests, options)) answers += 1;
    return answers;
  }

  it("from one address are limited per minute, in all its streams together", async () => {
    expect(await ask("192.0.2.1", 2)).toBe(2);
    expect(await errorOf(ask("192.0.2.1", 2))).toMatchObject({
      code: "ResourceExhausted",
      reason: "TOO_MANY_REQUESTS",
      message: "Your address makes more requests without a token than 3 per minute, the limit.",
      limit: "limits.publicRequestsPerAddress",
    });
    expect(await ask("192.0.2.2", 3)).toBe(3);
    world().clock.advance(60_000);
    expect(await ask("192.0.2.1", 3)).toBe(3);
  });
});

describe.each(WAYS)("disabled reflection: $way", ({ protocol, service }) => {
  const world = useWorld({ config: { reflection: false } });

  it("is UNIMPLEMENTED", async () => {
    const client = createClient(service, world().transport(protocol));
    const asking = (async () => {
      for await (const _ of client.serverReflectionInfo((async function* () {})()));
    })();
    expect((await errorOf(asking)).code).toBe("Unimplemented");
  });
});
