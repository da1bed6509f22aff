/**
 * The end of a pod's name, which tells the pods of one Job apart: `x7k2p`, or `0-x7k2p` with a completion index. What
 * comes before it is the name of the Job, which may be cut.
 *
 * @param index the completion index, if the Job is Indexed.
 */
export function podLabel(name: string, index: number | undefined): string {
  const suffix = name.slice(name.lastIndexOf("-") + 1);
  return index === undefined ? suffix : `${index}-${suffix}`;
}
