// What is used of the AWS SDK, which is loaded late. In a file of our own, because esbuild gives a dynamic import of a
// CommonJS package only its `default`.
export { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
export { getSignedUrl } from "@aws-sdk/s3-request-presigner";
