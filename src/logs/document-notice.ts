import type { Document } from "../stream/sniff.ts";

const PAGE = {
  notice: "looks-like-page",
  message: "The store returned what looks like a web page instead of a log, such as a sign-in form or an error page.",
} as const;

/** Returns the notice for a document that is shown in place of a log, or that may be one. */
export function documentNotice(document: Document | undefined) {
  if (document === undefined) return undefined;
  if (document === "page") return PAGE;
  const what = document === "xml-error" ? "XML document" : "JSON document";
  const message = `The store returned a single ${what} instead of a log, such as an error response.`;
  return { notice: "looks-like-answer", message } as const;
}
