/** An answer as a browser sees it. */
export interface BrowserAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where it leads, if it is a redirect. */
  readonly location: string | undefined;
}

/** A browser's cookies and redirects. As in browsers, cookies are shared by all ports of a host. */
export class CookieBrowser {
  readonly cookies = new Map<string, string>();

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async ask(url: string, init: RequestInit = {}): Promise<BrowserAnswer> {
    const headers = {
      ...(init.headers as Record<string, string>),
      ...(this.cookies.size > 0 && { cookie: this.cookie }),
    };
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const each of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      if (value === "" || /Max-Age=0\b/i.test(each)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const to = response.headers.get("location");
    const location = to === null ? undefined : new URL(to, url).href;
    return { url, status: response.status, headers: response.headers, text: await response.text(), location };
  }

  /** Follows redirects to an answer that is none, or until one leads to where `stop` says. */
  async follow(answer: BrowserAnswer, stop: (url: string) => boolean = () => false): Promise<BrowserAnswer> {
    let at = answer;
    while (at.location !== undefined && !stop(at.location)) at = await this.ask(at.location);
    return at;
  }

  /** Fills in the login form of oidc-provider's development pages. */
  async logIn(form: BrowserAnswer, account: string, stop?: (url: string) => boolean): Promise<BrowserAnswer> {
    const [, action = form.url] = /action="([^"]+)"/.exec(form.text) ?? [];
    const body = new URLSearchParams({ prompt: "login", login: account, password: "any" });
    return this.follow(await this.ask(new URL(action, form.url).href, { method: "POST", body }), stop);
  }
}
