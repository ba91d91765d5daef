/** Reads and writes the addresses of the client: home, a room, a room with the host's claim. Pure. */

import type { RoomId } from "../types/room";

export type Place =
  | { readonly at: "home" }
  | { readonly at: "room"; readonly room: RoomId; readonly claim: string | null }
  /** The check of devices and network. */
  | { readonly at: "test" }
  /** The address of a call in a tab that knows no call: copied from elsewhere. */
  | { readonly at: "no-call" }
  | { readonly at: "nowhere" };

// The server draws its ids from the URL-safe alphabet; anything else was mistyped or cut off.
const ROOM_PATH = /^\/r\/([A-Za-z0-9_-]{16,64})\/?$/;
const ROOM = /^[A-Za-z0-9_-]{16,64}$/;
const CLAIM = /^#host=([A-Za-z0-9_-]{16,128})$/;

export const TEST_PATH = "/test";

/** The address of every call: it gives nothing away to who looks at the screen, or at a picture of it. */
export const CALL_PATH = "/call";

/** What this tab keeps beside its address; `null` for what it does not know. */
export interface Kept {
  readonly room: string | null;
  readonly claim: string | null;
}

/**
 * Where an address leads, together with what the tab kept beside it. Nothing in the query has any effect: a link must not
 * decide on microphones.
 */
export function placeOf(pathname: string, hash: string, kept: Kept = { room: null, claim: null }): Place {
  if (pathname === "/" || pathname === "") return { at: "home" };
  if (pathname === TEST_PATH) return { at: "test" };
  if (pathname === CALL_PATH) {
    if (kept.room === null || !ROOM.test(kept.room)) return { at: "no-call" };
    return { at: "room", room: kept.room as RoomId, claim: null };
  }
  const room = ROOM_PATH.exec(pathname)?.[1];
  if (room === undefined) return { at: "nowhere" };
  return { at: "room", room: room as RoomId, claim: CLAIM.exec(hash)?.[1] ?? kept.claim };
}

export function roomPath(room: RoomId): string {
  return `/r/${room}`;
}

/** What a person pasted: a whole link of this server, its path, or the bare id. Null when it is none of these. */
export function roomFromPasted(pasted: string, origin: string): Place | null {
  const text = pasted.trim();
  if (ROOM.test(text)) return { at: "room", room: text as RoomId, claim: null };
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
