import { useEffect } from "react";
import { navigate, usePathname, useSearch } from "wouter/use-browser-location";
import { Frame } from "../frame/frame.tsx";
import { goTo, useAddress } from "../routing/link.tsx";
import { useSession } from "../session/session.ts";
import { useText } from "../text/text.tsx";
import styles from "./sign-in.module.css";
import { SignInForm } from "./sign-in-form.tsx";

/** Asks the user to sign in, then goes to the page that they wanted. */
export function SignInPage() {
  const { signIn: text, demo } = useText();
  const search = useSearch();
  const path = usePathname();
  const address = useAddress();
  const session = useSession();
  const query = new URLSearchParams(search);
  const next = query.get("next") ?? "";
  const isOwnAddress = address.page === "sign-in";

  useEffect(() => {
    if (!isOwnAddress || session.kind !== "in" || session.user === "") return;
    // Only within this site: prevents open redirects.
    const isOurs = /^\/(?![/\\])/.test(next) && !next.includes("\\");
    if (isOurs) navigate(new URL(next, location.origin).href.slice(location.origin.length), { replace: true });
    else goTo({ page: "projects" }, { replace: true });
  }, [isOwnAddress, session, next]);

  return (
    <Frame title={text.title} key={path}>
      <main id="content" tabIndex={-1} className={styles.page}>
        <h1>{text.title}</h1>
        {query.has("used") && <p className={styles.notice}>{demo.linkUsed}</p>}
        <p className="soft">{text.why}</p>
        <SignInForm />
      </main>
    </Frame>
  );
}
