/** Reproducible pseudo-random numbers in [0, 1) (https://en.wikipedia.org/wiki/Linear_congruential_generator). */
export function seeded(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
