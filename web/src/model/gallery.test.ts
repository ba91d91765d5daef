/** The arithmetic of tiles: everything fits, nothing shrinks needlessly. */

import { describe, expect, test } from "vitest";
import { gridFor, pageCapacity, pageOf, TILE_GAP } from "./gallery";

const rooms = [
  { width: 344, height: 600 },
  { width: 720, height: 300 },
  { width: 1264, height: 650 },
  { width: 2544, height: 1290 },
];

describe("gridFor", () => {
  test.each(rooms)("fits 1 to 16 tiles into $width × $height", (room) => {
    for (let count = 1; count <= 16; count += 1) {
      const { columns, rows, tile } = gridFor(count, room);

      expect(columns * rows).toBeGreaterThanOrEqual(count);
      expect(columns * tile.width + (columns - 1) * TILE_GAP).toBeLessThanOrEqual(room.width);
      expect(rows * tile.height + (rows - 1) * TILE_GAP).toBeLessThanOrEqual(room.height);
      expect(tile.width).toBeGreaterThan(0);
    }
  });

  test("keeps the shape of cameras in a wide room", () => {
    const { tile } = gridFor(5, { width: 1264, height: 650 });

    expect(tile.width / tile.height).toBeCloseTo(16 / 9, 1);
  });

  test("stacks three people on a phone and pairs six", () => {
    const phone = { width: 344, height: 600 };

    expect(gridFor(3, phone).columns).toBe(1);
    expect(gridFor(6, phone)).toMatchObject({ columns: 2, rows: 3 });
  });

  test("never makes tiles larger because somebody came", () => {
    for (const room of rooms) {
      for (let count = 2; count <= 16; count += 1) {
        const fewer = gridFor(count - 1, room).tile;
        const more = gridFor(count, room).tile;
        expect(more.width * more.height).toBeLessThanOrEqual(fewer.width * fewer.height);
      }
    }
  });
});

describe("pages", () => {
  test("a laptop shows sixteen people on one page and a phone does not", () => {
    expect(pageCapacity({ width: 1264, height: 650 })).toBeGreaterThanOrEqual(16);
    expect(pageCapacity({ width: 344, height: 600 })).toBeLessThan(16);
    expect(pageCapacity({ width: 344, height: 600 })).toBeGreaterThanOrEqual(6);
  });

  test("a page that has become too far is brought back", () => {
    expect(pageOf([1, 2, 3, 4, 5], 7, 2)).toEqual({ shown: [5], page: 2, pages: 3 });
    expect(pageOf([], 3, 2)).toEqual({ shown: [], page: 0, pages: 1 });
  });
});
