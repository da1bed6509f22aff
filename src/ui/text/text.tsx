import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { useSettings } from "../settings/settings.ts";
import { en, type Text } from "./en.ts";

const Context = createContext<{ readonly text: Text; readonly language: string }>({ text: en, language: "en" });

/** All that the page says, in the reader's language. */
export function useText(): Text {
  return useContext(Context).text;
}

/** The language's code, for numbers and times. */
export function useLanguage(): string {
  return useContext(Context).language;
}

/** Gives the page its language. Another than English is loaded when it is wanted. */
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
  // Nothing is shown in the wrong language first.
  return loaded === undefined ? null : <Context value={loaded}>{children}</Context>;
}

function preferred(): "en" | "zh" {
  const first = navigator.languages.find((each) => /^(en|zh)\b/i.test(each));
  return first?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The reader's own kind of the language, for how numbers and times are written. */
function numbersOf(language: string): string {
  return navigator.languages.find((each) => each.toLowerCase().startsWith(language)) ?? language;
}
