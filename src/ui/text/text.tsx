import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { emphasisParts } from "../../client/emphasis.ts";
import { useSettings } from "../settings/settings.ts";
import { en, type Text } from "./en.ts";

const Context = createContext<{ readonly text: Text; readonly language: string }>({ text: en, language: "en" });

/** All texts of the page, in the user's language. */
export function useText(): Text {
  return useContext(Context).text;
}

/** The language's code, for numbers and times. */
export function useLanguage(): string {
  return useContext(Context).language;
}

/** Provides the page's language. Languages other than English are loaded on demand. */
export function TextProvider({ children }: { readonly children: ReactNode }) {
  const { language: chosen } = useSettings();
  const language = chosen === "system" ? preferred() : chosen;
  const [loaded, setLoaded] = useState<{ readonly text: Text; readonly language: string }>();
  useEffect(() => {
    let isWanted = true;
    if (language === "zh") {
      import("./zh.ts").then(
        ({ zh }) => isWanted && setLoaded({ text: zh, language: "zh-CN" }),
        () => isWanted && setLoaded({ text: en, language: "en" }),
      );
    } else {
      setLoaded({ text: en, language: numbersOf("en") });
    }
    return () => {
      isWanted = false;
    };
  }, [language]);
  useEffect(() => {
    document.documentElement.lang = loaded?.language ?? "en";
  }, [loaded]);
  // Show nothing rather than the wrong language at first.
  return loaded === undefined ? null : <Context value={loaded}>{children}</Context>;
}

function preferred(): "en" | "zh" {
  const first = navigator.languages.find((each) => /^(en|zh)\b/i.test(each));
  return first?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The user's regional variant of the language, for numbers and times. */
function numbersOf(language: string): string {
  return navigator.languages.find((each) => each.toLowerCase().startsWith(language)) ?? language;
}

/** A sentence with emphasis between `**`. */
export function Rich({ text }: { readonly text: string }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence have no other order.
  return emphasisParts(text).map((part, index) => (index % 2 === 1 ? <b key={index}>{part}</b> : part));
}
