/** Beats find a split group within ten seconds, and nothing else rings. */

import { encode } from "cborg";
import { describe, expect, test } from "vitest";
import { Beats } from "./beats";
import type { Bytes } from "./bytes";
import type { Leaf } from "./mls";

const roster = (count: number): readonly Leaf[] =>
  Array.from({ length: count }, (_, leaf) => ({ leaf, identity: `p${leaf}`, name: null, role: "guest" as const }));
const tag = (value: number): Bytes => new Uint8Array(16).fill(value);

/** Lets the time of `beats` pass until it speaks or `until` is over. */
function nextBeat(beats: Beats, until: number): { readonly at: number; readonly payload: Bytes } | null {
  for (let now = 0; now <= until; now += 50) {
    const payload = beats.due(now);
    if (payload !== null) return { at: now, payload };
  }
  return null;
}

describe("beats", () => {
  test("of members with the same keys agree", () => {
    const [anna, ben] = [new Beats("p0"), new Beats("p1")];
    for (const beats of [anna, ben]) beats.epoch(3, tag(1), roster(2), 0);
    const beat = nextBeat(anna, 10_000);

    expect(ben.heard("p0", beat?.payload as Bytes, beat?.at ?? 0)).toBe("fine");
    expect(ben.silent(12_000)).toEqual([]);
  });

  test.each([2, 50])("of a split group of %i ring within ten seconds of the change", (count) => {
    const [anna, ben] = [new Beats("p0"), new Beats("p1")];
    anna.epoch(3, tag(1), roster(count), 0);
    ben.epoch(3, tag(2), roster(count), 0);
    const beat = nextBeat(anna, 10_000);

    expect(beat?.at).toBeLessThan(10_000);
    expect(ben.heard("p0", beat?.payload as Bytes, beat?.at ?? 0)).toBe("split");
  });

  test("of others who went on without us show within ten seconds that we were left behind", () => {
    const ben = new Beats("p1");
    ben.epoch(3, tag(1), roster(2), 0);
    const anna = new Beats("p0");
    anna.epoch(4, tag(2), roster(2), 0);
    const beat = nextBeat(anna, 10_000);
    expect(ben.heard("p0", beat?.payload as Bytes, beat?.at ?? 0)).toBe("fine");

    expect(ben.leftBehind(3_000)).toBe(false);
    expect(ben.leftBehind(10_000)).toBe(true);
  });

  test("of others who are a moment quicker than a commit mean nothing once it is here", () => {
    const ben = new Beats("p1");
    ben.epoch(3, tag(1), roster(2), 0);
    ben.ahead(100);
    ben.epoch(4, tag(2), roster(2), 300);

    expect(ben.leftBehind(60_000)).toBe(false);
  });

  test("that stay away are noticed", () => {
    const anna = new Beats("p0");
    anna.epoch(3, tag(1), roster(3), 0);
    anna.heard("p1", encode({ b: 3, a: tag(1) }) as Bytes, 14_000);

    expect(anna.silent(15_000)).toEqual(["p2"]);
  });

  test("in a large group come less often, and not all at once", () => {
    const at = [0, 100, 199].map((leaf) => {
      const beats = new Beats(`p${leaf}`);
      beats.epoch(1, tag(1), roster(200), 0);
      return nextBeat(beats, 30_000)?.at ?? 0;
    });

    expect(new Set(at).size).toBe(3);
    expect(Math.max(...at)).toBeLessThan(17_000);
  });

  test.each([encode(null), encode({ b: "3", a: tag(1) }), encode({ b: 3, a: "x" }), new Uint8Array([0xff])])(
    "that make no sense are ignored",
    (payload) => {
      const anna = new Beats("p0");
      anna.epoch(3, tag(1), roster(2), 0);

      expect(anna.heard("p1", payload as Bytes, 0)).toBe("fine");
    },
  );

  test("of strangers are ignored", () => {
    const anna = new Beats("p0");
    anna.epoch(3, tag(1), roster(2), 0);

    expect(anna.heard("mallory", encode({ b: 3, a: tag(9) }) as Bytes, 0)).toBe("fine");
  });
});
