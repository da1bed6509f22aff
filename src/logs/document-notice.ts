import { looksLikeAnswer, looksLikePage } from "../stream/sniff.ts";
import type { SentPiece } from "./line-selection.ts";

/** Returns the notice for a log that begins like another kind of document. */
export function documentNotice({
  offset,
  bytes,
  mediaType,
}: SentPiece): { readonly notice: "looks-like-page" | "looks-like-answer"; readonly message: string } | undefined {
  if (offset !== 0) return undefined;
  if (looksLikePage(bytes, mediaType)) {
    const message =
      "The store returned what looks like a web page instead of a log, such as a sign-in form or an error page.";
    return { notice: "looks-like-page", message };
  }
  if (looksLikeAnswer(bytes, mediaType)) {
    const message = "The store returned a single JSON document instead of a log, such as an error response.";
    return { notice: "looks-like-answer", message };
  }
  return undefined;
}
