import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createScroller, SPACER_PX } from "./scroller.ts";

/** A scroller with an element as in a browser, which keeps whole pixels within its range. */
function scrolledElement(total: number, view = 800) {
  const scroller = createScroller();
  let position = 0;
  const set = (wanted: number | undefined): void => {
    if (wanted === undefined) return;
    position = Math.round(Math.max(0, Math.min(Math.min(total, SPACER_PX) - view, wanted)));
    scroller.scrolled(position);
  };
  set(scroller.resize(total, view));
  return {
    scroller,
    goTo: (top: number) => set(scroller.goTo(top)),
    settle: () => set(scroller.settled()),
    /** Acts of the user. */
    scrollTo(wanted: number): boolean {
      position = Math.max(0, Math.min(Math.min(total, SPACER_PX) - view, wanted));
      return scroller.scrolled(position);
    },
    wheel(by: number): boolean {
      return this.scrollTo(position + by);
    },
    get position() {
      return position;
    },
  };
}

const FIVE_MILLION = 5_000_000 * 20;

describe("a log higher than an element can be", () => {
  it("moves with the wheel pixel by pixel, and does not jump when the wheel stops", () => {
    const element = scrolledElement(FIVE_MILLION);
    element.goTo(50_000_000);
    const start = element.scroller.top;
    for (let step = 0; step < 20; step += 1) element.wheel(60);
    expect(element.scroller.top - start).toBe(1200);
    element.settle();
    expect(element.scroller.top - start).toBe(1200);
    element.wheel(-60);
    expect(element.scroller.top - start).toBe(1140);
  });

  it("reaches its first and last line by thumb, keys and wheel", () => {
    const element = scrolledElement(FIVE_MILLION);
    const { scroller } = element;
    element.scrollTo(SPACER_PX);
    expect(scroller.top).toBe(FIVE_MILLION - 800);
    element.scrollTo(0);
    expect(scroller.top).toBe(0);
    element.goTo(FIVE_MILLION);
    expect(scroller.top).toBe(FIVE_MILLION - 800);
    element.settle();
    for (let step = 0; step < 40; step += 1) {
      element.wheel(-600);
      if (step % 3 === 0) element.settle();
    }
    expect(FIVE_MILLION - 800 - scroller.top).toBe(24_000);
    for (let step = 0; step < 60; step += 1) {
      element.wheel(600);
      element.settle();
    }
    expect(scroller.top).toBe(FIVE_MILLION - 800);
  });

  it("reaches its end with the wheel pixel by pixel, without a stop", () => {
    const element = scrolledElement(FIVE_MILLION);
    const { scroller } = element;
    element.goTo(scroller.maxTop - 24_000);
    for (let step = 0; step < 20; step += 1) element.wheel(600);
    expect(scroller.maxTop - scroller.top).toBe(12_000);
    for (let step = 0; step < 21; step += 1) element.wheel(600);
    expect(scroller.top).toBe(scroller.maxTop);
  });

  it("follows the thumb in proportion", () => {
    const element = scrolledElement(FIVE_MILLION);
    element.scrollTo((SPACER_PX - 800) / 2);
    expect(element.scroller.top).toBeCloseTo((FIVE_MILLION - 800) / 2, 0);
  });

  it("stays within its bounds, whatever the user does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: -3000, max: 3000 }), fc.constant("settle" as const)), { maxLength: 60 }),
        fc.integer({ min: 0, max: FIVE_MILLION }),
        (acts, start) => {
          const element = scrolledElement(FIVE_MILLION);
          element.goTo(start);
          for (const act of acts) {
            if (act === "settle") element.settle();
            else element.wheel(act);
            expect(element.scroller.top).toBeGreaterThanOrEqual(0);
            expect(element.scroller.top).toBeLessThanOrEqual(element.scroller.maxTop);
          }
        },
      ),
    );
  });
});

describe("scrolling by the viewer", () => {
  it("is told apart from scrolling by the user", () => {
    const scroller = createScroller();
    scroller.resize(100_000, 800);
    const wanted = scroller.goTo(5_000);
    expect(scroller.scrolled(wanted + 0.4)).toBe(false);
    expect(scroller.scrolled(4_940)).toBe(true);
    expect(scroller.top).toBe(4_940);
  });

  it("happens when the log shrinks", () => {
    const scroller = createScroller();
    scroller.resize(100_000, 800);
    scroller.goTo(90_000);
    expect(scroller.resize(10_000, 800)).toBe(9_200);
    expect(scroller.top).toBe(9_200);
    expect(scroller.scrolled(9_200)).toBe(false);
  });
});
