import type { S3ClientConfig } from "@aws-sdk/client-s3";
import type { SecretReader } from "../config-values/secret-reader.ts";
import type { SdkHandler } from "./s3-handler.ts";

/** Returns the credentials for one request. */
export type CredentialsProvider = Extract<NonNullable<S3ClientConfig["credentials"]>, (...args: never[]) => unknown>;

type Identity = Awaited<ReturnType<CredentialsProvider>>;

/** Thrown if there are no credentials to ask a bucket with. The cause says why. */
export class NoCredentials extends Error {
  constructor(cause: unknown) {
    super("There are no AWS credentials.", { cause });
    this.name = "NoCredentials";
  }
}

export interface CredentialsOptions {
  readonly keys:
    | { readonly id: SecretReader; readonly secret: SecretReader; readonly token: SecretReader | undefined }
    | undefined;
  readonly region: string;
  /** Whether the metadata service of the machine or container may be asked. */
  readonly instanceMetadata: boolean;
  /** Sends the requests to STS. */
  readonly handler: SdkHandler;
}

/**
 * Creates the provider of credentials: the configured keys, else what the AWS default chain has: the environment, the
 * web identity of a Kubernetes service account, and the shared files, and the metadata service only if it is allowed.
 *
 * @throws (by the provider) NoCredentials
 */
export function createCredentials({ keys, ...chain }: CredentialsOptions): CredentialsProvider {
  if (keys !== undefined) return () => readKeys(keys);
  let found: Promise<CredentialsProvider> | undefined;
  return async (properties) => {
    // Loaded only where they are needed: they take longer to load than the client itself.
    found ??= createChain(chain);
    try {
      return await (await found)(properties);
    } catch (cause) {
      throw new NoCredentials(cause);
    }
  };
}

/** The SDK asks again shortly before they expire: at each request, since files may change. */
async function readKeys({ id, secret, token }: NonNullable<CredentialsOptions["keys"]>): Promise<Identity> {
  try {
    const sessionToken = await token?.();
    return {
      accessKeyId: (await id()).reveal(),
      secretAccessKey: (await secret()).reveal(),
      ...(sessionToken !== undefined && { sessionToken: sessionToken.reveal() }),
      expiration: new Date(0),
    };
  } catch (cause) {
    throw new NoCredentials(cause);
  }
}

async function createChain({
  region,
  instanceMetadata,
  handler,
}: Omit<CredentialsOptions, "keys">): Promise<CredentialsProvider> {
  const providers = await import("./s3-credentials-sdk.ts");
  const clientConfig = { region, requestHandler: handler, maxAttempts: 1 } as object;
  return providers.createCredentialChain(
    providers.fromEnv(),
    providers.fromTokenFile({ clientConfig }),
    providers.fromIni({ clientConfig }),
    ...(instanceMetadata ? [providers.fromContainerMetadata(), providers.fromInstanceMetadata()] : []),
  );
}
