/** The token of the caller whose calls are a flood. */
export const FLOOD_TOKEN = "bench-flood";
