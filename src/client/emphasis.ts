// Sentences mark emphasis by `**`. Names and messages of others may contain it too, such as the glob `**/*.robot`.

const MARK = "**";
const ESCAPE = "\0";

/** Returns a text of others for a sentence with emphasis: what is in it is shown as it is. */
export function verbatim(text: string): string {
  return text.replaceAll(ESCAPE, "").replace(/\*(?=\*)|\*$|^\*/g, `*${ESCAPE}`);
}

/** Returns the parts of a sentence; every second one is emphasized. */
export function emphasisParts(sentence: string): readonly string[] {
  return sentence.split(MARK).map((part) => part.replaceAll(ESCAPE, ""));
}

/** Returns a sentence without its emphasis. */
export function withoutEmphasis(sentence: string): string {
  return emphasisParts(sentence).join("");
}
