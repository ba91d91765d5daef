/**
 * Reads the address and keeps the history in step, with the secrets out of sight: the host's claim goes at once, and the room's
 * id while a call is on, for then the screen is shared, filmed and photographed. What the addresses mean is the model's.
 */

import { CALL_PATH, type Kept, type Place, placeOf, roomPath } from "../model/link";
import type { RoomId } from "../types/room";

// For a reload that loses the entry's own state: pressing Enter in the address bar makes a new entry.
const LAST_ROOM = "huisclos.room";

/** The place of the current entry. A claim is taken out of the address in the same moment. */
export function placeNow(): Place {
  const place = placeOf(location.pathname, location.hash, kept());
  if (place.at === "room" && place.claim !== null) showDoor(place.room, place.claim);
  return place;
}

/** A new entry of the history. */
export function goTo(place: Place): void {
  if (place.at === "room") history.pushState(entry(place.room, place.claim), "", roomPath(place.room));
  else history.pushState(null, "", "/");
}

/** The claim has done its work: from now on a reload needs only the address. */
export function forgetClaim(): void {
  if (kept().claim !== null) history.replaceState(null, "", location.pathname);
}

/** The address of `room` gives way to that of any call. */
export function showCall(room: RoomId): void {
  history.replaceState(entry(room, null), "", CALL_PATH);
  try {
    sessionStorage.setItem(LAST_ROOM, room);
  } catch {
    // The entry's state serves every other reload.
  }
}

function showDoor(room: RoomId, claim: string): void {
  history.replaceState(entry(room, claim), "", roomPath(room));
}

function entry(room: RoomId, claim: string | null): Kept {
  return { room, claim };
}

function kept(): Kept {
  const state: unknown = history.state;
  const text = (name: keyof Kept) => {
    const value = typeof state === "object" && state !== null ? (state as Record<string, unknown>)[name] : null;
    return typeof value === "string" ? value : null;
  };
  return { room: text("room") ?? lastRoom(), claim: text("claim") };
}

function lastRoom(): string | null {
  try {
    return sessionStorage.getItem(LAST_ROOM);
  } catch {
    return null;
  }
}
