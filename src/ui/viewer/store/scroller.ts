/**
 * Where a view stands in a log that is higher than any element can be: browsers end elements at 33,554,428 px or
 * sooner, and lose single pixels before.
 *
 * The element that scrolls is a spacer of at most `SPACER_PX`. Where the log is higher, small steps move by as much as
 * they say, and large ones, as of the scrollbar's thumb, in proportion; when the scrolling has ended, the spacer's
 * position is set to what it should be. Near both ends a pixel of the spacer is one of the log, so that the ends are
 * met together.
 */
export interface Scroller {
  /** Pixels of the log above the view. */
  readonly top: number;
  /** The most that `top` can be. */
  readonly most: number;
  /**
   * Notes other heights.
   *
   * @returns where to set the spacer's position to; `undefined`: nowhere.
   */
  resize(total: number, view: number): number | undefined;
  /**
   * Notes that the spacer's position has changed.
   *
   * @returns whether somebody scrolled: it is not what was set last.
   */
  scrolled(position: number): boolean;
  /** Goes to a place in the log. @returns where to set the spacer's position to. */
  goTo(top: number): number;
  /** The scrolling has ended. @returns where to set the spacer's position to; `undefined`: it is right. */
  settled(): number | undefined;
}

/** The spacer's greatest height: far from where browsers end it, or count in steps of more than a pixel. */
export const SPACER_PX = 8_000_000;
/** How far from each end the spacer and the log go side by side. */
const END_PX = 500_000;

export function createScroller(): Scroller {
  let total = 0;
  let view = 0;
  let top = 0;
  /** The spacer's position as far as it is known. */
  let position = 0;
  /** What the spacer's position was set to, until it is told. */
  let written: number | undefined;

  const spacer = (): number => Math.min(total, SPACER_PX);
  const most = (): number => Math.max(0, total - view);
  const range = (): number => Math.max(0, spacer() - view);
  const exact = (): boolean => total <= SPACER_PX;
  /** How many pixels of the log a pixel of the spacer is, between the ends. */
  const ratio = (): number => (most() - 2 * END_PX) / (range() - 2 * END_PX);
  const positionOf = (): number => {
    if (exact() || top <= END_PX) return top;
    if (top >= most() - END_PX) return range() - (most() - top);
    return END_PX + (top - END_PX) / ratio();
  };
  const topAt = (at: number): number => {
    if (exact() || at <= END_PX) return at;
    if (at >= range() - END_PX) return most() - (range() - at);
    return END_PX + (at - END_PX) * ratio();
  };
  const within = (wanted: number): number => Math.max(0, Math.min(most(), wanted));
  const write = (): number => {
    position = positionOf();
    written = position;
    return position;
  };

  return {
    get top() {
      return top;
    },
    get most() {
      return most();
    },
    resize(newTotal, newView) {
      const before = position;
      total = newTotal;
      view = newView;
      top = Math.min(top, most());
      const wanted = positionOf();
      // While somebody scrolls, the position is left alone; `settled` puts it right.
      if (exact() ? Math.abs(wanted - before) < 1 : before <= range()) return undefined;
      return write();
    },
    scrolled(now) {
      // Browsers round to pixels of the screen.
      if (written !== undefined && Math.abs(now - Math.min(written, range())) < 1.5) {
        position = now;
        written = undefined;
        return false;
      }
      written = undefined;
      const delta = now - position;
      if (Math.abs(delta) < 0.01) return false;
      position = now;
      const isStep = !exact() && Math.abs(delta) < 2 * view && now > 0 && now < range();
      top = within(isStep ? top + delta : topAt(now));
      return true;
    },
    goTo(wanted) {
      top = within(wanted);
      return write();
    },
    settled() {
      if (Math.abs(positionOf() - position) < 1) return undefined;
      return write();
    },
  };
}
