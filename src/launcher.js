#!/usr/bin/env node
// What `taffrail` starts. It imports nothing before it has looked at Node's version: what the program is made of does not load on old ones.
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`taffrail needs Node 22.19 or newer; this is ${process.versions.node}.`);
  console.error("Install a newer one: https://nodejs.org/en/download");
  process.exit(1);
}
// A checkout runs its source; a published package has none.
const source = new URL("./main.ts", import.meta.url);
await import(existsSync(source) ? source.href : new URL("../dist/main.js", import.meta.url).href);
