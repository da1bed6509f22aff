import * as z from "zod";
import { SecretRef } from "../config-values/secret-reader.ts";
import { Duration } from "../config-values/units.ts";
import { Decode } from "./decoders/decode-log.ts";
import { httpSettings } from "./http-settings.ts";

const Endpoint = z
  .string()
  .regex(/^https?:\/\/[^/?#@\s]+\/?$/i, "must be https://host, with a port if need be and without a path")
  .describe("The address of the store, if it is not AWS: https://minio.example.com.");

/** Where a bucket is, and how its store is asked. */
const s3Connection = {
  bucket: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{1,253}[A-Za-z0-9]$/, "must be the name of a bucket")
    .describe("The bucket."),
  region: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, "must be a region, such as eu-west-1")
    .default("us-east-1")
    .describe("The region of the bucket, which the signature names. Default us-east-1."),
  endpoint: Endpoint.optional(),
  pathStyle: z
    .boolean()
    .default(false)
    .describe("Put the bucket into the path instead of the host name, as MinIO, Ceph and others want. Default false."),
  accessKeyId: SecretRef.optional(),
  secretAccessKey: SecretRef.optional(),
  sessionToken: SecretRef.optional(),
  instanceMetadata: z
    .boolean()
    .default(false)
    .describe("Ask the metadata service of the machine or container for credentials. Default false."),
  requesterPays: z.boolean().default(false).describe("Accept to be charged for requests. Default false."),
  sseCustomerKey: SecretRef.optional().describe(
    "The 256-bit key of objects that are encrypted with a key of your own (SSE-C), in Base64.",
  ),
  tls: httpSettings.tls,
  timeouts: httpSettings.timeouts,
} as const;

export const S3Connection = z.strictObject(s3Connection);

export type S3Connection = z.output<typeof S3Connection>;

/** An object that browsers are redirected to by a presigned address. */
export const S3Presign = z
  .strictObject({
    ...s3Connection,
    endpoint: Endpoint.optional().describe("The address of the store, as browsers reach it. Default: that of AWS."),
    key: z.string().describe("The key of the object, as a template (docs/templates.md)."),
  })
  .describe("An object in a bucket, which the browser may read for five minutes.");

/** The settings of the source. */
export const S3 = z
  .strictObject({
    ...s3Connection,
    key: z.string().optional().describe("The key of a log that is one object, as a template (docs/templates.md)."),
    prefix: z
      .string()
      .optional()
      .describe("What the keys of all parts of a log begin with, as a template. It must end with a literal slash."),
    keys: z
      .string()
      .optional()
      .describe(
        "The keys of all parts of a log, as a template, in which `*` stands for any characters except a slash.",
      ),
    decode: Decode,
    charset: z.string().optional().describe("The encoding of a single object: utf-16le. Default: utf-8."),
    uploadLag: Duration.default(3_600_000).describe(
      "How long after a job's end its last lines may be uploaded, where lines of several jobs share objects. Default 1h.",
    ),
    notFound: z
      .array(z.int().min(400).max(499))
      .default([404])
      .describe(
        "The statuses that mean that there is no such object. Without the right to list a bucket, S3 uses 403.",
      ),
  })
  .refine(
    ({ key, prefix, keys }) => [key, prefix, keys].filter((each) => each !== undefined).length === 1,
    "must have either key or prefix or keys",
  )
  .refine(
    ({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined),
    "must have both accessKeyId and secretAccessKey, or neither",
  )
  .describe("Objects in a bucket of S3, or of any store that speaks its protocol.");

export type S3Config = z.output<typeof S3>;
