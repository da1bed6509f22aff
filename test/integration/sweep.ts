/**
 * Sweeps are tables of cases that take minutes. `npm test` runs a slice of each, and `npm run test:sweep` runs the
 * cases that the slice leaves out, so that both together run every case once. Files of sweeps are named
 * `*.sweep.test.ts` and hold no other tests.
 *
 * - `SWEEP`: which cases run: `slice`, `rest` or `whole`. Default: `slice`.
 * - `SWEEP_SEED`: the seed of the slice, an integer. Default: 1, so that every run of a revision is the same.
 */
import { seeded } from "../fakes/seeded.ts";

const PARTS = ["slice", "rest", "whole"] as const;

const part = PARTS.find((each) => each === (process.env.SWEEP ?? "slice"));
if (part === undefined) throw new Error(`Invalid value "${process.env.SWEEP}" for SWEEP: use ${PARTS.join(", ")}.`);
const seed = Number(process.env.SWEEP_SEED ?? 1);
if (!Number.isSafeInteger(seed)) throw new Error("SWEEP_SEED must be a whole number.");

/** Part of each sweep's title, so that a failure says how to repeat it. */
export const SWEEP = part === "whole" ? "whole sweep" : `${part} of the sweep with SWEEP_SEED=${seed}`;

/**
 * Selects the cases of a table that run. A slice has `perRow` cases of each row. Columns are dealt like cards, so each
 * of them occurs equally often, give or take one.
 *
 * @returns a function that returns the columns to run in a row.
 */
export function sweep<Row, Column>(
  rows: readonly Row[],
  columns: readonly Column[],
  perRow: number,
): (row: Row) => readonly Column[] {
  const random = seeded(seed);
  const slice = new Map<Row, ReadonlySet<Column>>();
  let deck: Column[] = [];
  for (const row of rows) {
    const hand = new Set<Column>();
    while (hand.size < perRow) {
      const next = deck.find((column) => !hand.has(column));
      if (next === undefined) deck.push(...shuffled(columns, random));
      else {
        hand.add(next);
        deck = deck.toSpliced(deck.indexOf(next), 1);
      }
    }
    slice.set(row, hand);
  }
  return (row) => columns.filter((column) => part === "whole" || slice.get(row)?.has(column) === (part === "slice"));
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as T);
}
