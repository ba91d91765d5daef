/** The replay window against a set that remembers everything. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReplayWindow, WINDOW } from "./replay";

// Counters close together, with jumps over the window now and then.
const counters = fc.array(fc.oneof(fc.nat(3 * WINDOW), fc.nat(50), fc.nat(2 ** 47)), { maxLength: 400 });

describe("the replay window", () => {
  test("takes each counter once, and only the newest 1024", () => {
    fc.assert(
      fc.property(counters, (arrivals) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let highest = -1;
        for (const ctr of arrivals) {
          const expected = !seen.has(ctr) && ctr > highest - WINDOW;
          expect(window.fresh(ctr)).toBe(expected);
          expect(window.take(ctr)).toBe(expected);
          if (expected) seen.add(ctr);
          if (expected) highest = Math.max(highest, ctr);
        }
      }),
    );
  });

  test("lets frames that overtook each other within the window through, all of them", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from({ length: WINDOW }, (_, at) => at)), (arrivals) => {
        const window = new ReplayWindow();
        expect(arrivals.every((ctr) => window.take(ctr))).toBe(true);
      }),
    );
  });

  test("is not moved by asking", () => {
    const window = new ReplayWindow();
    expect(window.fresh(5000)).toBe(true);
    expect(window.take(1)).toBe(true);
  });
});
