import { type Document, isMap, isNode, isScalar, type LineCounter, type Node } from "yaml";

/** Finds positions in a configuration: `taffrail.yaml:12:7`. */
export interface Locations {
  /**
   * @param path the keys and indices. If it does not exist, the position is that of its nearest parent.
   * @param offset of the fault within a string, in characters.
   */
  of(path: readonly PropertyKey[], offset?: number): string;
  /** The position of a key instead of its value. */
  ofKey(path: readonly PropertyKey[], key: string): string;
}

/** Locations in a YAML file. */
export function yamlLocations(file: string, document: Document, lines: LineCounter): Locations {
  const format = (offset: number): string => {
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
      // A quoted string begins one character later. A block begins on another line: its start is good enough.
      const quoted = isScalar(node) && (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE");
      const inline = isScalar(node) && (quoted || node.type === "PLAIN");
      return format(start + (inline ? offset + (quoted ? 1 : 0) : 0));
    },
    ofKey(path, key) {
      const map = path.length === 0 ? document.contents : document.getIn(path, true);
      const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
      return isNode(pair?.key) ? format(pair.key.range?.[0] ?? 0) : this.of(path);
    },
  };
}
