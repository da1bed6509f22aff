import {
  createRegistry,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { type ServerReflectionRequest, ServerReflection as V1 } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { Failure } from "../failure.ts";
import { limitExceeded } from "../limits.ts";
import { CLIENT_NETWORK } from "../rpc/caller-context.ts";
import type { PublicStreams } from "./public-streams.ts";

/** How many requests a stream may send. Clients need one for each file or symbol that they show. */
const MAX_REQUESTS = 100;

/**
 * Serves gRPC server reflection (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md) in both versions,
 * because older clients only know v1alpha.
 *
 * A stream gets the imports of a file once only, as grpc-go sends them, and ends with RESOURCE_EXHAUSTED after 100
 * requests: whoever asks needs no token.
 *
 * @param services the services to list.
 * @param more files that no service references but that clients need, such as those of error details.
 */
export function serveReflection(
  router: ConnectRouter,
  services: readonly DescService[],
  more: readonly DescFile[],
  publicStreams: PublicStreams,
): void {
  const listed = [...services, V1, V1Alpha];
  const files = closure([...listed.map(({ file }) => file), ...more]);
  const byName = new Map(files.map((file) => [`${file.name}.proto`, file]));
  const bySymbol = new Map(
    files.flatMap((file) => [...nestedTypes(file)].flatMap(symbolsOf).map((symbol) => [symbol, file] as const)),
  );
  const registry = createRegistry(...files);

  const answer = ({ messageRequest }: ServerReflectionRequest, sent: Set<DescFile>) => {
    switch (messageRequest.case) {
      case "listServices":
        return {
          case: "listServicesResponse" as const,
          value: { service: listed.map((each) => ({ name: each.typeName })) },
        };
      case "fileByFilename":
        return descriptors(byName.get(messageRequest.value), messageRequest.value, sent);
      case "fileContainingSymbol": {
        const symbol = messageRequest.value;
        return descriptors(bySymbol.get(symbol), symbol, sent);
      }
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = messageRequest.value;
        const extension = [...registry].find(
          (each) =>
            each.kind === "extension" && each.extendee.typeName === containingType && each.number === extensionNumber,
        );
        return descriptors(
          extension?.kind === "extension" ? extension.file : undefined,
          `extension ${extensionNumber}`,
          sent,
        );
      }
      case "allExtensionNumbersOfType": {
        const baseTypeName = messageRequest.value;
        if (registry.getMessage(baseTypeName) === undefined)
          return refusal(Code.NotFound, `Not found: ${baseTypeName}.`);
        const extensionNumber = [...registry].flatMap((each) =>
          each.kind === "extension" && each.extendee.typeName === baseTypeName ? [each.number] : [],
        );
        return { case: "allExtensionNumbersResponse" as const, value: { baseTypeName, extensionNumber } };
      }
      case undefined:
        return refusal(Code.InvalidArgument, "The request is empty.");
    }
  };

  for (const service of [V1, V1Alpha]) {
    // The two versions differ only in their package.
    router.service(service as typeof V1, {
      async *serverReflectionInfo(requests, { values }) {
        const network = values.get(CLIENT_NETWORK);
        const remove = publicStreams.add(network);
        const sent = new Set<DescFile>();
        let count = 0;
        try {
          for await (const request of requests) {
            count += 1;
            if (count > MAX_REQUESTS) throw tooManyRequests();
            publicStreams.takeRequest(network);
            yield { validHost: request.host, originalRequest: request, messageResponse: answer(request, sent) };
          }
        } finally {
          remove();
        }
      },
    });
  }
}

/** These files and all their imports, imports first. */
function closure(roots: readonly DescFile[]): DescFile[] {
  const seen = new Set<DescFile>();
  const visit = (file: DescFile): void => {
    if (seen.has(file)) return;
    file.dependencies.forEach(visit);
    seen.add(file);
  };
  roots.forEach(visit);
  return [...seen];
}

type Declared = DescMessage | DescEnum | DescExtension | DescService;

/** The full names that a declaration defines: its own, and those of its members. */
function symbolsOf(declared: Declared): string[] {
  const { typeName } = declared;
  switch (declared.kind) {
    case "message":
      return [typeName, ...[...declared.fields, ...declared.oneofs].map(({ name }) => `${typeName}.${name}`)];
    case "service":
      return [typeName, ...declared.methods.map(({ name }) => `${typeName}.${name}`)];
    case "enum": {
      // Enum values are not scoped to their enum: they are its siblings.
      const around = typeName.slice(0, -declared.name.length);
      return [typeName, ...declared.values.map(({ name }) => around + name)];
    }
    case "extension":
      return [typeName];
  }
}

/** The file and those of its imports that were not sent yet. */
function descriptors(file: DescFile | undefined, what: string, sent: Set<DescFile>) {
  if (file === undefined) return refusal(Code.NotFound, `Not found: ${what}.`);
  const news = closure([file]).filter((each) => each === file || !sent.has(each));
  for (const each of news) sent.add(each);
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto: news.map(encoded) } };
}

const encodings = new Map<DescFile, Uint8Array>();

function encoded(file: DescFile): Uint8Array {
  const bytes = encodings.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
  encodings.set(file, bytes);
  return bytes;
}

function tooManyRequests(): Failure {
  const message = `A reflection stream may send ${MAX_REQUESTS} requests.`;
  return limitExceeded("reflection.requests", message, { next: "Open another stream for the rest." });
}

function refusal(errorCode: Code, errorMessage: string) {
  return { case: "errorResponse" as const, value: { errorCode, errorMessage } };
}
