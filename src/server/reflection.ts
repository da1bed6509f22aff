import { createRegistry, type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { type ServerReflectionRequest, ServerReflection as V1 } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";

/**
 * Serves gRPC server reflection (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md) in both versions, since older clients know only v1alpha.
 *
 * @param services what is listed.
 * @param more files that no service names but that clients need, such as those of error details.
 */
export function serveReflection(
  router: ConnectRouter,
  services: readonly DescService[],
  more: readonly DescFile[],
): void {
  const listed = [...services, V1, V1Alpha];
  const files = closure([...listed.map(({ file }) => file), ...more]);
  const byName = new Map(files.map((file) => [`${file.name}.proto`, file]));
  const registry = createRegistry(...files);

  const answer = ({ messageRequest }: ServerReflectionRequest) => {
    switch (messageRequest.case) {
      case "listServices":
        return {
          case: "listServicesResponse" as const,
          value: { service: listed.map((each) => ({ name: each.typeName })) },
        };
      case "fileByFilename":
        return descriptors(byName.get(messageRequest.value), messageRequest.value);
      case "fileContainingSymbol": {
        const symbol = messageRequest.value;
        // A symbol may be a member of a type: a method, a field.
        const type = registry.get(symbol) ?? registry.get(symbol.slice(0, symbol.lastIndexOf(".")));
        return descriptors(type?.file, symbol);
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
        );
      }
      case "allExtensionNumbersOfType": {
        const baseTypeName = messageRequest.value;
        const extensionNumber = [...registry].flatMap((each) =>
          each.kind === "extension" && each.extendee.typeName === baseTypeName ? [each.number] : [],
        );
        return { case: "allExtensionNumbersResponse" as const, value: { baseTypeName, extensionNumber } };
      }
      case undefined:
        return refusal(Code.InvalidArgument, "The request asks for nothing.");
    }
  };

  for (const service of [V1, V1Alpha]) {
    // The two versions differ in their package alone.
    router.service(service as typeof V1, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          yield { validHost: request.host, originalRequest: request, messageResponse: answer(request) };
        }
      },
    });
  }
}

/** These files and all that they import, imports first. */
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

function descriptors(file: DescFile | undefined, what: string) {
  if (file === undefined) return refusal(Code.NotFound, `There is no ${what} here.`);
  const fileDescriptorProto = closure([file]).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto } };
}

function refusal(errorCode: Code, errorMessage: string) {
  return { case: "errorResponse" as const, value: { errorCode, errorMessage } };
}
