/** Turns a stage into rectangles: every tile has one place in one room, so that a change of view moves it and never rebuilds it. */

import { gridFor, pageCapacity, pageOf, type Size, TILE_GAP } from "./gallery";
import type { Seat, Stage } from "./stage";

export interface Rectangle extends Size {
  readonly left: number;
  readonly top: number;
}

export interface PlacedSeat {
  readonly seat: Seat;
  readonly at: Rectangle;
  /** `corner` floats over the large tile; `strip` is one of the small ones beside it. */
  readonly part: "large" | "strip" | "tile" | "corner";
}

export interface Placement {
  readonly seats: readonly PlacedSeat[];
  readonly page: number;
  readonly pages: number;
}

const CORNER_MARGIN = 12;
// Three side by side on the narrowest phone.
const STRIP_TILE_PHONE = 108;

/** What the page buttons need below the tiles, in CSS pixels: they must not lie on somebody's face. */
export const PAGER_HEIGHT = 60;

/** Where everything of `stage` goes in `room`, on page `page` of the tiles that do not all fit. */
export function place(stage: Stage, room: Size, page: number): Placement {
  const placement = placeWithin(stage, room, page);
  return placement.pages === 1 ? placement : placeWithin(stage, { ...room, height: room.height - PAGER_HEIGHT }, page);
}

function placeWithin(stage: Stage, room: Size, page: number): Placement {
  if (room.width <= 0 || room.height <= 0) return { seats: [], page: 0, pages: 1 };
  switch (stage.form) {
    case "solo":
    case "duo":
      return faceToFace(stage, room);
    case "grid":
      return mosaic(stage.others, room, page);
    case "spotlight":
      return spotlight(stage, room, page);
  }
}

function faceToFace(stage: Stage, room: Size): Placement {
  const seats: PlacedSeat[] = [];
  if (stage.large !== null) seats.push({ seat: stage.large, at: whole(room), part: "large" });
  const mine = stage.others[0];
  if (mine !== undefined) {
    const upright = room.height > room.width;
    const width = Math.round(
      upright ? Math.min(120, room.width * 0.3) : Math.min(320, Math.max(128, room.width * 0.18)),
    );
    const height = Math.round(upright ? width * (4 / 3) : width * (9 / 16));
    const at = {
      left: room.width - width - CORNER_MARGIN,
      top: room.height - height - CORNER_MARGIN,
      width,
      height,
    };
    seats.push({ seat: mine, at, part: "corner" });
  }
  return { seats, page: 0, pages: 1 };
}

function mosaic(all: readonly Seat[], room: Size, wanted: number): Placement {
  const { shown, page, pages } = pageOf(all, wanted, pageCapacity(room));
  // A last page with few tiles keeps the size of the full ones: turning a page must not zoom.
  const count = pages > 1 ? pageCapacity(room) : shown.length;
  const { columns, tile } = gridFor(count, room);
  const rows = Math.ceil(count / columns);
  const top = (room.height - rows * tile.height - (rows - 1) * TILE_GAP) / 2;
  const seats = shown.map((seat, index): PlacedSeat => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, shown.length - row * columns);
    const left = (room.width - inRow * tile.width - (inRow - 1) * TILE_GAP) / 2;
    const at = {
      left: Math.round(left + (index % columns) * (tile.width + TILE_GAP)),
      top: Math.round(top + row * (tile.height + TILE_GAP)),
      ...tile,
    };
    return { seat, at, part: "tile" };
  });
  return { seats, page, pages };
}

/** One large tile; the others in a strip at the side, or below where the room is tall. */
function spotlight(stage: Stage, room: Size, wanted: number): Placement {
  const below = room.height > room.width;
  const width = below ? Math.min(STRIP_TILE_PHONE, room.width * 0.4) : Math.min(300, Math.max(144, room.width * 0.17));
  const tile = { width: Math.round(width), height: Math.round((width * 9) / 16) };
  const length = below ? room.width : room.height;
  const step = (below ? tile.width : tile.height) + TILE_GAP;
  const capacity = Math.max(1, Math.floor((length + TILE_GAP) / step));
  const { shown, page, pages } = pageOf(stage.others, wanted, capacity);
  const thickness = shown.length === 0 ? 0 : (below ? tile.height : tile.width) + TILE_GAP;
  const large: Rectangle = {
    left: 0,
    top: 0,
    width: below ? room.width : room.width - thickness,
    height: below ? room.height - thickness : room.height,
  };
  const offset = Math.max(0, (length - shown.length * step + TILE_GAP) / 2);
  const seats = shown.map((seat, index): PlacedSeat => {
    const along = Math.round(offset + index * step);
    const across = (below ? room.height : room.width) - thickness + TILE_GAP;
    return { seat, at: { left: below ? along : across, top: below ? across : along, ...tile }, part: "strip" };
  });
  if (stage.large !== null) seats.unshift({ seat: stage.large, at: large, part: "large" });
  return { seats, page, pages };
}

function whole(room: Size): Rectangle {
  return { left: 0, top: 0, width: room.width, height: room.height };
}
