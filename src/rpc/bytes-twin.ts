import {
  clone,
  createFileRegistry,
  type DescMessage,
  type DescMethodServerStreaming,
  type Message,
} from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** The same message with its string field `chunk` typed as bytes. */
export type BytesTwin<M extends Message & { chunk: string }> = Omit<M, "chunk"> & { chunk: Uint8Array } & Message;

/**
 * Creates the bytes-typed twin of a message. Strings and bytes have the same binary encoding
 * (https://protobuf.dev/programming-guides/encoding/#length-types), so servers and clients of binary codecs can pass a
 * log through without decoding it. JSON, where they differ, needs the message itself.
 *
 * @throws Error if the message has no field `chunk`.
 */
export function bytesTwin<M extends Message & { chunk: string }>(message: GenMessage<M>): GenMessage<BytesTwin<M>> {
  const file = clone(FileDescriptorProtoSchema, message.file.proto);
  const field = file.messageType.find(({ name }) => name === message.name)?.field.find(({ name }) => name === "chunk");
  if (field === undefined) throw new Error(`${message.typeName} has no field chunk`);
  field.type = FieldDescriptorProto_Type.BYTES;
  const registry = createFileRegistry(file, (name) =>
    message.file.dependencies.find(({ proto }) => proto.name === name),
  );
  return registry.getMessage(message.typeName) as GenMessage<BytesTwin<M>>;
}

/** The same method with another response message. */
export function withOutput<I extends DescMessage, T extends DescMessage>(
  method: DescMethodServerStreaming<I>,
  output: T,
): DescMethodServerStreaming<I, T> {
  return { ...method, output };
}
