/** Longer ones would make cookies too large. */
const MAX_LENGTH = 1_500;

/** A path of this server, with query and fragment, which no browser reads as a URL of another host; else `home`. */
export function ownPath(path: string | null | undefined, home: string): string {
  return path && path.length <= MAX_LENGTH && /^\/(?![/\\])[!-~]*$/.test(path) ? path : home;
}
