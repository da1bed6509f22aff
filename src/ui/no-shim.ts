/** Stands in the page for what gives old releases of React this hook: the page brings the release that has it. */
export { useSyncExternalStore } from "react";
