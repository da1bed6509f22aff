import { useEffect, useState } from "react";
import { navigate, usePathname, useSearch } from "wouter/use-browser-location";
import { Frame } from "../frame/frame.tsx";
import { goTo, hrefOf, useAddress } from "../routing/link.tsx";
import { here } from "../session/here.ts";
import { signInFailure } from "../session/provider-sign-in.ts";
import { useServerInfo } from "../session/server-info.ts";
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
  const { identityProviders: providers } = useServerInfo();
  const wanted = query.get("next") ?? "";
  // Only within this site: prevents open redirects.
  const next = /^\/(?![/\\])/.test(wanted) && !wanted.includes("\\") ? wanted : "";
  const failed = query.has("failed");
  const [failure] = useState(() => (failed ? signInFailure() : undefined));
  const isOwnAddress = address.page === "sign-in";

  useEffect(() => {
    if (!isOwnAddress || session.kind !== "in" || session.user === "") return;
    if (next !== "") navigate(new URL(next, location.origin).href.slice(location.origin.length), { replace: true });
    else goTo({ page: "projects" }, { replace: true });
  }, [isOwnAddress, session, next]);

  return (
    <Frame title={text.title} key={path}>
      <main id="content" tabIndex={-1} className={styles.page}>
        <h1>{text.title}</h1>
        {query.has("used") && <p className={styles.notice}>{demo.linkUsed}</p>}
        {failed && (
          <p className={styles.notice} role="alert">
            {failure === undefined ? text.failed : `${failure.message} ${failure.next}`}
          </p>
        )}
        <p className="soft">{providers.length > 0 ? text.whyToo : text.why}</p>
        <SignInForm
          next={() => (isOwnAddress ? next || hrefOf({ page: "projects" }) : here())}
          asOther={query.has("other")}
        />
      </main>
    </Frame>
  );
}
