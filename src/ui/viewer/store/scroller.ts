/**
 * The scroll position in a log that is higher than any element can be: browsers limit elements to 33,554,428 px or
 * less, and lose single pixels before that.
 *
 * The element that scrolls is a spacer of at most `SPACER_PX`. If the log is higher, small steps move the log by the
 * same number of pixels, and large ones, such as those of the scrollbar's thumb, in proportion; when scrolling ends,
 * the spacer is set to the matching position. Near both ends a pixel of the spacer is a pixel of the log, so that both
 * ends are reached together.
 */
export interface Scroller {
  /** Pixels of the log above the view. */
  readonly top: number;
  /** The maximum of `top`. */
  readonly maxTop: number;
  /**
   * Records new heights.
   *
   * @returns the new position of the spacer; `undefined`: unchanged.
   */
  resize(total: number, view: number): number | undefined;
  /**
   * Records a new position of the spacer.
   *
   * @returns whether the user scrolled: the position differs from the one set last.
   */
  scrolled(position: number): boolean;
  /**
   * Scrolls to a position in the log.
   *
   * @returns the new position of the spacer.
   */
  goTo(top: number): number;
  /**
   * Scrolling has ended.
   *
   * @returns the new position of the spacer; `undefined`: unchanged.
   */
  settled(): number | undefined;
}

/** The maximum height of the spacer: well below the limits of browsers, and where they still count single pixels. */
export const SPACER_PX = 8_000_000;
/** The distance from each end within which spacer and log move together. */
const END_PX = 500_000;

export function createScroller(): Scroller {
  let total = 0;
  let view = 0;
  let top = 0;
  /** The last known position of the spacer. */
  let position = 0;
  /** The position that was set, until the browser reports it. */
  let written: number | undefined;

  const spacer = (): number => Math.min(total, SPACER_PX);
  const maxTop = (): number => Math.max(0, total - view);
  const range = (): number => Math.max(0, spacer() - view);
  const exact = (): boolean => total <= SPACER_PX;
  /** Pixels of the log per pixel of the spacer, between the ends. */
  const ratio = (): number => (maxTop() - 2 * END_PX) / (range() - 2 * END_PX);
  const positionOf = (): number => {
    if (exact() || top <= END_PX) return top;
    if (top >= maxTop() - END_PX) return range() - (maxTop() - top);
    return END_PX + (top - END_PX) / ratio();
  };
  const topAt = (at: number): number => {
    if (exact() || at <= END_PX) return at;
    if (at >= range() - END_PX) return maxTop() - (range() - at);
    return END_PX + (at - END_PX) * ratio();
  };
  const within = (wanted: number): number => Math.max(0, Math.min(maxTop(), wanted));
  const write = (): number => {
    position = positionOf();
    written = position;
    return position;
  };

  return {
    get top() {
      return top;
    },
    get maxTop() {
      return maxTop();
    },
    resize(newTotal, newView) {
      const before = position;
      total = newTotal;
      view = newView;
      top = Math.min(top, maxTop());
      const wanted = positionOf();
      // During scrolling the position is left alone; `settled` corrects it.
      if (exact() ? Math.abs(wanted - before) < 1 : before <= range()) return undefined;
      return write();
    },
    scrolled(now) {
      // Browsers round to physical pixels.
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
