import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate, usePathname } from "wouter/use-browser-location";
import { type Address, parseAddress, pathOf } from "../../client/addresses.ts";
import { BASE_PATH } from "./base-path.ts";

type Reachable = Exclude<Address, { page: "nothing" }>;

/** The full path of an address, for the browser. `query` has no question mark. */
export function hrefOf(address: Reachable, query = ""): string {
  return BASE_PATH + pathOf(address) + (query === "" ? "" : `?${query}`);
}

/** Navigates to an address. */
export function goTo(address: Reachable, { query = "", replace = false } = {}): void {
  navigate(hrefOf(address, query), { replace });
}

/** The current address. */
export function useAddress(): Address {
  const path = usePathname();
  return parseAddress(path.startsWith(BASE_PATH) ? path.slice(BASE_PATH.length) || "/" : path);
}

interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  readonly to: Reachable;
  readonly query?: string;
}

/** A link within the page, which can still be opened in another tab. */
export function Link({ to, query = "", onClick, ...rest }: LinkProps) {
  const href = hrefOf(to, query);
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  };
  return <a {...rest} href={href} onClick={follow} />;
}
