import { useCallback, useState } from "react";

type Heights = ReadonlyMap<number, number>;

const NONE: Heights = new Map();

/**
 * The heights of lines as the browser has drawn them.
 *
 * @param width the heights are valid for this width.
 * @returns a function that adds heights, and those so far.
 */
export function useMeasured(width: number): readonly [add: (heights: Heights) => void, measured: Heights] {
  const [known, setKnown] = useState({ width, heights: NONE });
  const add = useCallback(
    (heights: Heights) =>
      setKnown((before) => ({
        width,
        heights: new Map([...(before.width === width ? before.heights : NONE), ...heights]),
      })),
    [width],
  );
  return [add, known.width === width ? known.heights : NONE];
}
