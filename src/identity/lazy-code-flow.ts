import type { CodeFlow, CodeFlowOptions } from "./code-flow.ts";

/** Makes the sign-in with a provider. Its library is loaded with the first one, so that no other command loads it. */
export function createLazyCodeFlow(options: CodeFlowOptions): CodeFlow {
  let loaded: Promise<CodeFlow> | undefined;
  const open = (): Promise<CodeFlow> => {
    loaded ??= import("./code-flow.ts").then(({ createCodeFlow }) => createCodeFlow(options));
    return loaded;
  };
  return {
    name: options.name,
    issuer: options.settings.issuer,
    begin: async (...call) => (await open()).begin(...call),
    finish: async (...call) => (await open()).finish(...call),
    refresh: async (...call) => (await open()).refresh(...call),
    revoke: async (...call) => (await open()).revoke(...call),
    signOutUrl: async (...call) => (await open()).signOutUrl(...call),
  };
}
