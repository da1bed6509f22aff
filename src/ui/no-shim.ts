/** Replaces the shim for older releases of React in the page, which brings a release with this hook. */
export { useSyncExternalStore } from "react";
