import { expect, it } from "vitest";
import { invocationOf } from "./invocation.ts";

it.each([
  ["/usr/local/bin/taffrail", false, ["logs"]],
  ["/usr/local/lib/node_modules/taffrail/src/launcher.js", false, ["logs"]],
  ["/usr/local/bin/kubectl-taffrail", true, ["logs"]],
  ["C:\\npm\\src\\kubectl-taffrail.js".replaceAll("\\", "/"), true, ["logs"]],
  ["/usr/local/bin/kubectl_complete-taffrail", true, ["complete", "--kubectl", "--", "logs"]],
  ["/opt/taffrail/src/kubectl-complete-taffrail.js", true, ["complete", "--kubectl", "--", "logs"]],
])("called as %s, the program is kubectl's plugin: %s", (path, isPlugin, args) => {
  expect(invocationOf(["node", path, "logs"])).toEqual({ isPlugin, args });
});
