import { lazy, Suspense } from "react";
import { changeSettings } from "../settings/settings.ts";
import { TextProvider } from "../text/text.tsx";
import css from "./gallery.module.css";
import { Gallery } from "./gallery.tsx";
import { GalleryNav } from "./gallery-nav.tsx";
import { STATE_NAMES } from "./state-names.ts";

const StateView = lazy(async () => ({ default: (await import("./state-view.tsx")).StateView }));

/**
 * A scripted log (`?log=robot`), or a state of the page (`?state=store-tls`); with `&theme=dark`, and for states
 * `&lang=zh`.
 */
export function Site() {
  const asked = new URLSearchParams(window.location.search);
  const name = asked.get("state") ?? "";
  if (!STATE_NAMES.includes(name)) return <Gallery />;
  const theme = asked.get("theme");
  if (theme !== null) document.documentElement.dataset.theme = theme;
  return (
    <div className={css.gallery}>
      <GalleryNav current={`state=${name}`} />
      <main className={css.log}>
        <TextProvider>
          <Suspense>
            <StateView name={name} />
          </Suspense>
        </TextProvider>
      </main>
    </div>
  );
}

/** Applies the address's language before anything is shown. */
export function startLanguage(): void {
  const language = new URLSearchParams(window.location.search).get("lang");
  if (language === "zh" || language === "en") changeSettings({ language });
}
