// The providers of credentials of the AWS SDK, which are loaded only if no keys are configured: see `s3-sdk.ts`.
export {
  createCredentialChain,
  fromContainerMetadata,
  fromEnv,
  fromIni,
  fromInstanceMetadata,
  fromTokenFile,
} from "@aws-sdk/credential-providers";
