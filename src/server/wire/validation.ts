import type { DescMessage, DescMethodServerStreaming, MessageShape } from "@bufbuild/protobuf";
import type { Interceptor, UnaryRequest } from "@connectrpc/connect";

/**
 * Makes the check that Connect's validation interceptor makes of a request, for one that no interceptor sees: its package exports nothing else.
 *
 * @returns a check that throws the ConnectError which the interceptor throws.
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
