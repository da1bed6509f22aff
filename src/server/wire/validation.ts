import type { DescMessage, DescMethodServerStreaming, MessageShape } from "@bufbuild/protobuf";
import type { Interceptor, UnaryRequest } from "@connectrpc/connect";

/**
 * Validates requests that no interceptor sees, by Connect's validation interceptor: its package exports nothing else.
 *
 * @returns a function that throws the interceptor's ConnectError where a message breaks a rule.
 */
export function validatorOf<I extends DescMessage>(
  validation: Interceptor,
  method: DescMethodServerStreaming<I>,
): (message: MessageShape<I>) => Promise<void> {
  const validate = validation(async (request) => ({ ...request, header: NONE, trailer: NONE }));
  return async (message) => {
    await validate({ stream: false, method, message } as unknown as UnaryRequest);
  };
}

const NONE = new Headers();
