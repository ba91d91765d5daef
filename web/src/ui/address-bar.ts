/**
 * Reads the address and keeps the history in step, with the secrets out of sight: what stands after the `#` goes at once, and
 * the room's id while a call is on, for then the screen is shared, filmed and photographed. What addresses mean is the model's.
 */

import { CALL_PATH, type Place, placeOf, type RoomPlace, roomPath, wholeLink, withoutClaim } from "../model/link";

// For this tab and its reloads only; the storage of the whole browser would keep links for whoever comes next.
const LAST_ROOM = "huisclos.room";
const linkName = (room: string) => `huisclos.link.${room}`;

const forgottenOnReload = new Map<string, string>();

/** The place of the current entry. Its secrets are taken out of the address in the same moment. */
export function placeNow(): Place {
  const place = placeOf(location.pathname, location.hash, { room: roomOfEntry() ?? read(LAST_ROOM), link: kept });
  if (place.at === "room") {
    write(linkName(place.room), wholeLink(place));
    if (location.hash !== "") history.replaceState({ room: place.room }, "", roomPath(place));
  }
  return place;
}

/** A new entry of the history. */
export function goTo(place: Place): void {
  if (place.at === "room") {
    write(linkName(place.room), wholeLink(place));
    history.pushState({ room: place.room }, "", roomPath(place));
  } else history.pushState(null, "", "/");
}

/** From now on a reload comes by this link, and without the claim, which has done its work. */
export function forgetClaim(place: RoomPlace): void {
  write(linkName(place.room), wholeLink(withoutClaim(place)));
}

/** The address of the room gives way to that of any call. */
export function showCall(place: RoomPlace): void {
  history.replaceState({ room: place.room }, "", CALL_PATH);
  // For a reload that loses the entry's own state: pressing Enter in the address bar makes a new entry.
  write(LAST_ROOM, place.room);
}

function kept(room: string): string | null {
  return read(linkName(room));
}

function roomOfEntry(): string | null {
  const state: unknown = history.state;
  const room = typeof state === "object" && state !== null ? (state as Record<string, unknown>).room : null;
  return typeof room === "string" ? room : null;
}

function read(name: string): string | null {
  try {
    return sessionStorage.getItem(name) ?? forgottenOnReload.get(name) ?? null;
  } catch {
    return forgottenOnReload.get(name) ?? null;
  }
}

function write(name: string, value: string): void {
  forgottenOnReload.set(name, value);
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // This page still knows it; a reload will have to follow the link again.
  }
}
