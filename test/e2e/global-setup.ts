import type { TestProject } from "vitest/node";
import { buildPage } from "../../src/demo/build-page.ts";
import { chromiumPath } from "./chromium.ts";
import { serveGallery } from "./serve-gallery.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The address of the gallery; empty without a browser. */
    readonly gallery: string;
  }
}

/** Builds the page and the gallery, and serves the gallery for all tests. */
export async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (chromiumPath() === undefined) {
    provide("gallery", "");
    return undefined;
  }
  const fault = await buildPage().done;
  if (fault !== undefined) throw new Error(`The web page could not be built: ${fault}`);
  const gallery = await serveGallery();
  provide("gallery", gallery.url);
  return gallery.close;
}
