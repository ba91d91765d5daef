/** Where tiles go: how many columns, how large, how many pages. Arithmetic only; who sits where is not its business. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly tile: Size;
}

/** Gap between tiles in CSS pixels: the same on every page, so that nothing shifts when one turns it. */
export const TILE_GAP = 8;

// Below this a face can no longer be read.
const SMALLEST_TILE_WIDTH = 148;
const LARGEST_PAGE = 25;

// Phones film upright, so in a tall room tiles may be as tall as wide; elsewhere they keep the shape of cameras.
const WIDE = 16 / 9;
const TALL_ROOM_SHAPES = [WIDE, 4 / 3, 1];

function isTall(room: Size): boolean {
  return room.height > room.width * 1.05;
}

/** The grid that gives `count` tiles of one shape the largest area within `room`. */
export function gridFor(count: number, room: Size, gap = TILE_GAP): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count), tile: { width: 0, height: 0 } };
  for (const shape of isTall(room) ? TALL_ROOM_SHAPES : [WIDE]) {
    for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
      const rows = Math.ceil(count / columns);
      const widest = (room.width - gap * (columns - 1)) / columns;
      const highest = (room.height - gap * (rows - 1)) / rows;
      const width = Math.floor(Math.min(widest, highest * shape));
      const height = Math.floor(width / shape);
      // The first wins a tie: cameras' own shape, and few columns, for reading down is calmer than an empty last row.
      if (width * height > best.tile.width * best.tile.height) best = { columns, rows, tile: { width, height } };
    }
  }
  return best;
}

/** How many tiles one page can hold without any becoming too small to read. At least one. */
export function pageCapacity(room: Size, gap = TILE_GAP): number {
  const shape = isTall(room) ? 1 : WIDE;
  const columns = Math.max(1, Math.floor((room.width + gap) / (SMALLEST_TILE_WIDTH + gap)));
  const rows = Math.max(1, Math.floor((room.height + gap) / (SMALLEST_TILE_WIDTH / shape + gap)));
  return Math.min(LARGEST_PAGE, columns * rows);
}

/** The part of `all` that page number `page` shows, and how many pages there are. `page` is brought into range. */
export function pageOf<T>(all: readonly T[], page: number, capacity: number) {
  const pages = Math.max(1, Math.ceil(all.length / capacity));
  const current = Math.min(Math.max(0, page), pages - 1);
  return { shown: all.slice(current * capacity, (current + 1) * capacity), page: current, pages };
}
