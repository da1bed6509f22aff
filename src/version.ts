import manifest from "../package.json" with { type: "json" };

/** This program's version (semver.org). */
export const VERSION: string = manifest.version;
