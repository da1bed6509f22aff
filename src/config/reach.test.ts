import { expect, it } from "vitest";
import { SOURCE_KINDS } from "../sources/registry.ts";
import { parseShape } from "./load.ts";
import { reachOf } from "./reach.ts";

const reach = (config: object) =>
  reachOf(parseShape(JSON.stringify(config), { name: "t.yaml" }), SOURCE_KINDS, "/etc/taffrail").map(
    ({ of, hosts, secrets }) => [of, hosts, secrets],
  );

it("a configuration reaches the hosts of its sources and links, with the secrets that each of them gets", () => {
  const sources = [
    { name: "pods", kubernetes: {} },
    {
      name: "files",
      http: {
        url: "https://user:pw@Logs.Example.com:443/${{ project }}?x=${{ arg('a/b') }}",
        token: { file: "token" },
        tls: { caFile: "ca.crt", certFile: "/c.crt", keyFile: "/c.key" },
      },
    },
    {
      name: "shards",
      http: { url: "https://${{ shard }}.logs.example.com:8443/x", hosts: ["*.logs.example.com", "b.example"] },
    },
    {
      name: "loki",
      loki: {
        url: "http://loki:3100",
        preset: "alloy",
        basicAuth: { username: "me", password: { env: "LOKI_PASSWORD" } },
      },
    },
    { name: "bucket", s3: { bucket: "logs", region: "eu-west-1", key: "x", instanceMetadata: true } },
    {
      name: "minio",
      s3: {
        bucket: "logs",
        endpoint: "https://minio.example",
        prefix: "x/",
        accessKeyId: { env: "ID" },
        secretAccessKey: { file: "/key" },
      },
    },
  ];
  const links = [
    { title: "Page", url: "https://gооgle.example/${{ project }}" },
    { title: "Report", presign: { s3: { bucket: "reports", key: "x" } } },
  ];
  const aws = "signatures of your AWS credentials (environment, ~/.aws)";
  expect(reach({ sources, links, egress: { allow: ["169.254.0.0/16"] } })).toEqual([
    [
      "source files",
      ["https://logs.example.com"],
      ["the file /etc/taffrail/token", "the file /etc/taffrail/ca.crt", "the file /c.crt", "the file /c.key"],
    ],
    ["source shards", ["https://*.logs.example.com", "https://b.example"], []],
    ["source loki", ["http://loki:3100"], ["the environment variable LOKI_PASSWORD"]],
    [
      "source bucket",
      ["https://logs.s3.eu-west-1.amazonaws.com"],
      [aws, "signatures of this machine's own AWS credentials"],
    ],
    ["source minio", ["https://minio.example (bucket logs)"], ["the environment variable ID", "the file /key"]],
    ["link Page", ["https://xn--ggle-55da.example"], []],
    ["link Report", ["https://reports.s3.us-east-1.amazonaws.com"], [aws]],
    ["egress.allow", ["addresses 169.254.0.0/16"], []],
  ]);
});

it("every kind of source says which hosts its settings lead to", () => {
  expect(SOURCE_KINDS.map(({ kind, hosts }) => [kind, typeof hosts])).toEqual(
    SOURCE_KINDS.map(({ kind }) => [kind, "function"]),
  );
});
