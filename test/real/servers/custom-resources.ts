import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type KubeObject, loadObjects } from "../../../src/demo/objects.ts";
import type { KubeClient } from "./kube-client.ts";

const ESTABLISH_MS = 30_000;

/**
 * Creates every CustomResourceDefinition of a folder, and waits until the API server serves all of them. Throws with
 * its message.
 */
export async function createCustomResources(kube: KubeClient, folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".yaml"));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const definitions = texts.flatMap((text, index) => loadObjects(text, new Date(), files[index]));
  for (const definition of definitions) await kube.create(definition);
  for (const definition of definitions) await waitUntilServed(kube, definition);
}

async function waitUntilServed(kube: KubeClient, definition: KubeObject): Promise<void> {
  const { group, names, versions } = definition.spec as {
    group: string;
    names: { plural: string };
    versions: { name: string }[];
  };
  const path = `/apis/${group}/${versions[0]?.name}`;
  const isServed = async (): Promise<boolean> => {
    const discovered = await kube.request("GET", path);
    const { resources = [] } = discovered.body as { resources?: { name: string }[] };
    return (
      resources.some(({ name }) => name === names.plural) &&
      (await kube.request("GET", `${path}/${names.plural}?limit=1`)).status === 200
    );
  };
  const deadline = performance.now() + ESTABLISH_MS;
  // Discovery and the resource become available separately, in either order.
  while (!(await isServed())) {
    if (performance.now() > deadline) throw new Error(`The API server does not serve ${definition.metadata.name}.`);
    await pause(50);
  }
}
