/** The address that is open, within this site. */
export function here(): string {
  return location.pathname + location.search + location.hash;
}

/** The address that is open, with the line in the middle of the log if it names none, so that the log opens there. */
export function hereAtLine(): string {
  if (location.hash !== "") return here();
  const number = middleLine();
  return here() + (number === undefined ? "" : `#L${number}`);
}

function middleLine(): string | undefined {
  const numbers = [...document.querySelectorAll<HTMLElement>("a[data-number]")];
  const pane = numbers[0]?.closest("[role=region]")?.getBoundingClientRect();
  if (pane === undefined) return undefined;
  const middle = (pane.top + pane.bottom) / 2;
  const isAbove = (each: HTMLElement): boolean => each.getBoundingClientRect().top <= middle;
  return (numbers.findLast(isAbove) ?? numbers[0])?.dataset.number;
}
