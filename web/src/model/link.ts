/** Reads and writes the addresses of the client: home, a room, a room with the host's claim. Pure. */

import type { RoomId } from "../types/room";

export type Place =
  | { readonly at: "home" }
  | { readonly at: "room"; readonly room: RoomId; readonly claim: string | null }
  | { readonly at: "nowhere" };

// The server draws its ids from the URL-safe alphabet; anything else was mistyped or cut off.
const ROOM_PATH = /^\/t\/([A-Za-z0-9_-]{16,64})\/?$/;
const CLAIM = /^#host=([A-Za-z0-9_-]{16,128})$/;

/** Where an address leads. Nothing in the query has any effect: a link must not decide on microphones. */
export function placeOf(pathname: string, hash: string): Place {
  if (pathname === "/" || pathname === "") return { at: "home" };
  const room = ROOM_PATH.exec(pathname)?.[1];
  if (room === undefined) return { at: "nowhere" };
  return { at: "room", room: room as RoomId, claim: CLAIM.exec(hash)?.[1] ?? null };
}

export function roomPath(room: RoomId): string {
  return `/t/${room}`;
}

/** What a person pasted: a whole link of this server, its path, or the bare id. Null when it is none of these. */
export function roomFromPasted(pasted: string, origin: string): Place | null {
  const text = pasted.trim();
  if (/^[A-Za-z0-9_-]{16,64}$/.test(text)) return { at: "room", room: text as RoomId, claim: null };
  let url: URL;
  try {
    url = new URL(text.includes("://") ? text : `https://${text.replace(/^\/+/, "")}`);
  } catch {
    return null;
  }
  if (url.host !== new URL(origin).host) return null;
  const place = placeOf(url.pathname, url.hash);
  return place.at === "room" ? place : null;
}
