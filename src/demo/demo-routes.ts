import { randomBytes, timingSafeEqual } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Rate } from "../rate.ts";
import { clientNetwork } from "../server/client-network.ts";
import { headersOf, hostOf, type NodeRequest, type NodeResponse, sendText } from "../server/node-http.ts";
import { originOf } from "../session/same-origin.ts";

/** The actions that break something, by the last part of their path. */
export type DemoActs = Readonly<Record<string, () => unknown>>;

export interface DemoRoutesOptions {
  /** The page's information: the users to sign in as, and the run with a growing log. */
  readonly about: object;
  /** Where the one-time link leads, and for which user. */
  readonly link: { readonly path: string; readonly token: string };
  /** Signs in with a token: returns the response with the cookie. */
  readonly signIn: (token: string) => Promise<Response>;
  /** How often the one-time link may be tried. */
  readonly tries: Pick<Rate, "take">;
  readonly acts: DemoActs;
}

/** Routes that only the demo's server has. */
export interface DemoRoutes {
  /** The one-time link's path. */
  readonly linkPath: string;
  /** Handles a request if its path is one of the demo's; returns whether it does. */
  serve(request: NodeRequest, response: NodeResponse, path: string): boolean;
  /** Cuts all connections, and new ones for some time. */
  cut(ms: number): void;
}

const JSON_TYPE = { "content-type": "application/json" };

/** Creates the routes: the one-time link, what the page shows of the demo, and the actions. */
export function createDemoRoutes({ about, link, signIn, tries, acts }: DemoRoutesOptions): DemoRoutes {
  let key: Buffer | undefined = randomBytes(18);
  const linkPath = `/demo/open?key=${key.toString("base64url")}`;
  const sockets = new Set<NodeRequest["socket"]>();
  let isCut = false;

  const refuse = (response: NodeResponse, seconds: number): void =>
    sendText(response, 429, `This link was opened too often: try again in ${seconds} s.\n`, {
      "retry-after": String(seconds),
    });

  const open = async (request: NodeRequest, response: NodeResponse): Promise<void> => {
    const waitMs = tries.take(clientNetwork(request));
    if (waitMs > 0) return refuse(response, Math.ceil(waitMs / 1_000));
    const given = Buffer.from(new URL(request.url ?? "/", "http://demo").searchParams.get("key") ?? "", "base64url");
    const isRight = key !== undefined && given.length === key.length && timingSafeEqual(given, key);
    if (!isRight) {
      redirect(response, `/sign-in?used=1&next=${encodeURIComponent(link.path)}`);
      return;
    }
    // HEAD does not use the link up.
    if (request.method !== "GET") return redirect(response, link.path);
    const used = key;
    key = undefined;
    const signedIn = await signIn(link.token);
    if (signedIn.status === 429) {
      // The sign-in failed: the link stays valid.
      key = used;
      return refuse(response, Number(signedIn.headers.get("retry-after")));
    }
    redirect(response, link.path, signedIn.headers.getSetCookie());
  };

  const run = async (request: NodeRequest, response: NodeResponse, name: string): Promise<void> => {
    const from = originOf(headersOf(request), hostOf(request));
    const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
    if (act === undefined) return sendText(response, 404, "Unknown demo action.\n");
    if (request.method !== "POST") return sendText(response, 405, "Only POST is allowed here.\n", { allow: "POST" });
    if (from !== "same") return sendText(response, 403, "This request did not come from the demo's page.\n");
    // The response is sent before the action breaks anything.
    response.once("finish", () => setImmediate(act));
    sendText(response, 200, "{}", JSON_TYPE);
  };

  return {
    linkPath,
    serve(request, response, path) {
      if (!isForThisMachine(request)) {
        sendText(response, 421, "The demo answers only for localhost.\n");
        return true;
      }
      const { socket } = request;
      if (isCut) {
        socket.destroy();
        return true;
      }
      if (!sockets.has(socket)) {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
      }
      if (path === "/demo") sendText(response, 200, JSON.stringify(about), JSON_TYPE);
      else if (path === "/demo/open")
        open(request, response).catch(() => sendText(response, 500, "The demo failed.\n"));
      else if (path.startsWith("/demo/")) void run(request, response, path.slice("/demo/".length));
      else return false;
      return true;
    },
    cut(ms) {
      isCut = true;
      for (const socket of sockets) socket.destroy();
      setTimeout(() => {
        isCut = false;
      }, ms).unref();
    },
  };
}

/** Whether the host is a name of this machine: another site could have its own name lead here (DNS rebinding). */
function isForThisMachine(request: NodeRequest): boolean {
  const url = `http://${hostOf(request)}`;
  return URL.canParse(url) && OWN_HOSTS.has(new URL(url).hostname);
}

const OWN_HOSTS: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

function redirect(response: NodeResponse, location: string, cookies: readonly string[] = []): void {
  (response as ServerResponse)
    .writeHead(303, {
      location,
      "cache-control": "no-store",
      ...(cookies.length > 0 && { "set-cookie": [...cookies] }),
    })
    .end();
}
