import { FAKE_LOGS } from "../viewer/fake-logs.ts";
import css from "./gallery.module.css";
import { STATE_NAMES } from "./state-names.ts";

/** Links to everything in the gallery. `current`: the query of the shown page. */
export function GalleryNav({ current }: { readonly current: string }) {
  const asked = new URLSearchParams(window.location.search);
  const kept = ["theme", "lang"].flatMap((name) => (asked.has(name) ? `&${name}=${asked.get(name)}` : [])).join("");
  const link = (query: string, name: string) => (
    <a key={query} href={`?${query}${kept}`} aria-current={query === current ? "page" : undefined}>
      {name}
    </a>
  );
  return (
    <nav className={css.nav} aria-label="Gallery">
      <h2>Logs</h2>
      {Object.keys(FAKE_LOGS).map((each) => link(`log=${each}`, each))}
      {link("log=attempt-2&cmp=attempt-1", "compared")}
      <h2>States of the page</h2>
      {STATE_NAMES.map((each) => link(`state=${each}`, each))}
    </nav>
  );
}
