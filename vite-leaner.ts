import { fileURLToPath } from "node:url";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Plugin } from "vite";

/**
 * Messages of descriptor.proto that say what options there are, and where things stand in a source file. Nothing that the page reads by has any: a message that is known by its
 * name alone is passed over.
 */
const UNUSED = /^(?:\w+Options|UninterpretedOption|FeatureSet\w*|SourceCodeInfo|GeneratedCodeInfo)$/;
/** But for this one: it makes a field a map, as what an error tells beside its reason is. */
const MAP_ENTRY = "map_entry";

/** Leaves out of the page what it never runs: a quarter of what it would load beside React. */
export function leaner(): Plugin {
  const file = (name: string): string => fileURLToPath(new URL(`./src/ui/${name}`, import.meta.url));
  return {
    name: "leaner",
    enforce: "pre",
    resolveId(source, importer) {
      if (source.endsWith("/buf/validate/validate_pb.js")) return file("no-validation.ts");
      if (source.startsWith("use-sync-external-store/shim")) return file("no-shim.ts");
      const isProtobuf = importer?.includes("/@bufbuild/protobuf/") ?? false;
      return isProtobuf && /\/(?:from|to)-json\.js$/.test(source) ? file("no-json.ts") : undefined;
    },
    transform(code, id) {
      if (id.endsWith("/gen/taffrail/v1/analysis_run_logs_pb.ts")) {
        return replaced(code, /fileDesc\("([\w+/=]+)"/, (text) => `fileDesc(btoa(${JSON.stringify(leanFile(text))})`);
      }
      if (id.endsWith("/wkt/google/protobuf/descriptor_pb.js")) {
        return replaced(code, /boot\((\{.*\})\);/, (text) => `boot(${leanBoot(text)});`);
      }
      return undefined;
    },
  };
}

function replaced(code: string, pattern: RegExp, make: (text: string) => string): string {
  const [whole, text] = pattern.exec(code) ?? [];
  // Another release of the library writes it in another way: what the page then loads would grow in silence.
  if (whole === undefined || text === undefined) throw new Error("A descriptor is not where it was.");
  return code.replace(whole, () => make(text));
}

/** Our own descriptor, as a string of bytes, which compresses to half of what base64 does: without options, and without the names of values, which binary messages do not have. */
function leanFile(base64: string): string {
  const file = fromBinary(FileDescriptorProtoSchema, Buffer.from(base64, "base64"));
  file.messageType.forEach(dropOptions);
  for (const { value } of file.enumType) {
    for (const [index, each] of value.entries()) each.name = `V${index}`;
  }
  for (const method of file.service.flatMap((each) => each.method)) delete (method as Optioned).options;
  return Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString("latin1");
}

interface Optioned {
  options?: unknown;
}

function dropOptions(message: DescriptorProto): void {
  const isMap = message.options?.mapEntry === true;
  const optioned: Optioned[] = [...(isMap ? [] : [message]), ...message.field, ...message.oneofDecl];
  for (const each of optioned) delete each.options;
  message.nestedType.forEach(dropOptions);
}

/** The descriptor of descriptors, by which all others are read. */
function leanBoot(json: string): string {
  const file = JSON.parse(json) as Pick<FileDescriptorProto, "messageType">;
  const messageType = file.messageType.map((each) => {
    if (!UNUSED.test(each.name)) return each;
    const field = each.name === "MessageOptions" ? each.field.filter(({ name }) => name === MAP_ENTRY) : [];
    return { name: each.name, field };
  });
  return JSON.stringify({ ...file, messageType });
}
