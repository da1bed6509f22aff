import type { TestProject } from "vitest/node";
import { chromiumPath } from "./chromium.ts";
import { serveGallery } from "./serve-gallery.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the gallery is served; empty where there is no browser. */
    readonly gallery: string;
  }
}

/** Builds the gallery once and serves it for all tests. */
export async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (chromiumPath() === undefined) {
    provide("gallery", "");
    return undefined;
  }
  const gallery = await serveGallery();
  provide("gallery", gallery.url);
  return gallery.close;
}
