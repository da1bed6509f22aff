import { type Document, isMap, isNode, isScalar, type LineCounter, type Node } from "yaml";

/** Says where in a configuration something stands: `taffrail.yaml:12:7`. */
export interface Locations {
  /**
   * @param path the keys and indices that lead there. Where it does not exist, its nearest parent is told.
   * @param offset how far into a text the fault is, in characters.
   */
  of(path: readonly PropertyKey[], offset?: number): string;
  /** The place of a key itself, rather than of its value. */
  ofKey(path: readonly PropertyKey[], key: string): string;
}

/** Locations in a YAML file. */
export function yamlLocations(file: string, document: Document, lines: LineCounter): Locations {
  const say = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const nearest = (path: readonly PropertyKey[]): Node | null => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node)) return node;
    }
    return null;
  };
  return {
    of(path, offset = 0) {
      const node = nearest(path);
      const start = node?.range?.[0] ?? 0;
      // In quotes the text begins one character later; in a block it begins on another line, whose start is good
      // enough.
      const quoted = isScalar(node) && (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE");
      const inline = isScalar(node) && (quoted || node.type === "PLAIN");
      return say(start + (inline ? offset + (quoted ? 1 : 0) : 0));
    },
    ofKey(path, key) {
      const map = path.length === 0 ? document.contents : document.getIn(path, true);
      const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
      return isNode(pair?.key) ? say(pair.key.range?.[0] ?? 0) : this.of(path);
    },
  };
}
