/**
 * Reads and writes the addresses of the client: home, an encrypted room (`/r/`), a room encrypted in transit only (`/t/`). Pure.
 *
 * What stands after the `#` never reaches the server: in an encrypted room it is what the server must not know.
 */

import type { RoomId } from "../types/room";

/** What a link tells those who have it, and nobody else. All base64url. */
export interface LinkKeys {
  /** S: 16 random bytes, from which everything shared by the link is derived. In a personal invitation its own secret I instead. */
  readonly secret: string;
  /** F: which host key the room was made with. */
  readonly fingerprint: string;
  /** The host key's seed, in a host's link only. */
  readonly hostSeed: string | null;
  /** Which personal invitation it is, 8 bytes; null in the links that everybody shares. */
  readonly invitation: string | null;
}

export interface RoomPlace {
  readonly at: "room";
  readonly room: RoomId;
  readonly claim: string | null;
  /** Null in a room that is encrypted in transit only. */
  readonly keys: LinkKeys | null;
}

export type Place =
  | { readonly at: "home" }
  | RoomPlace
  /** The address of an encrypted room without its fragment: cut off on its way, or typed. */
  | { readonly at: "incomplete" }
  /** The check of devices and network. */
  | { readonly at: "test" }
  /** The address of a call in a tab that knows no call: copied from elsewhere. */
  | { readonly at: "no-call" }
  | { readonly at: "nowhere" };

// Anything else was mistyped or cut off: room ids are 26 characters of base32 everywhere.
const PATH = /^\/([rt])\/([a-z2-7]{26})\/?$/;
const CLAIM = /^#host=([A-Za-z0-9_-]{16,128})$/;
// S and F are 16 bytes, 22 characters; a seed is 32 bytes, 43 characters. The 1 is the version of the protocol.
// Who made the room in this browser has the claim without a seed: their host key is here already.
const FRAGMENT = /^#1\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})(?:\.([A-Za-z0-9_-]{16,128})\.([A-Za-z0-9_-]{43})?)?$/;
// An i and 8 bytes: shorter than any claim, so that neither is ever taken for the other.
const INVITATION = /^#1\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})\.i([A-Za-z0-9_-]{11})$/;

export const TEST_PATH = "/test";

/** The address of every call: it gives nothing away to who looks at the screen, or at a picture of it. */
export const CALL_PATH = "/call";

/** What this tab keeps beside its address: the room it was in, and the whole link it followed to a room. */
export interface Kept {
  readonly room: string | null;
  readonly link: (room: string) => string | null;
}

const nothingKept: Kept = { room: null, link: () => null };

/**
 * Where an address leads, together with what the tab kept beside it. Nothing in the query has any effect: a link must not
 * decide on microphones.
 */
export function placeOf(pathname: string, hash: string, kept: Kept = nothingKept): Place {
  if (pathname === "/" || pathname === "") return { at: "home" };
  if (pathname === TEST_PATH) return { at: "test" };
  if (pathname === CALL_PATH) {
    const place = kept.room === null ? null : placeOfKept(kept.link(kept.room));
    return place !== null && place.room === kept.room ? place : { at: "no-call" };
  }
  const [, shape, room] = PATH.exec(pathname) ?? [];
  if (shape === undefined || room === undefined) return { at: "nowhere" };
  if (hash === "" || hash === "#") {
    const place = placeOfKept(kept.link(room));
    if (place !== null && place.room === room && (place.keys === null) === (shape === "t")) return place;
  }
  if (shape === "t") return { at: "room", room: room as RoomId, claim: CLAIM.exec(hash)?.[1] ?? null, keys: null };
  const personal = INVITATION.exec(hash);
  const [whole, secret, fingerprint, claim, hostSeed] = (personal === null ? FRAGMENT.exec(hash) : personal) ?? [];
  if (whole === undefined || secret === undefined || fingerprint === undefined) return { at: "incomplete" };
  const keys =
    personal === null
      ? { secret, fingerprint, hostSeed: hostSeed ?? null, invitation: null }
      : { secret, fingerprint, hostSeed: null, invitation: personal[3] ?? null };
  return { at: "room", room: room as RoomId, claim: personal === null ? (claim ?? null) : null, keys };
}

function placeOfKept(link: string | null): RoomPlace | null {
  const [pathname, fragment] = (link ?? "").split("#", 2);
  const place = placeOf(pathname ?? "", fragment === undefined ? "" : `#${fragment}`);
  return place.at === "room" ? place : null;
}

/** What the address bar and the server may see of a link. */
export function roomPath({ room, keys }: RoomPlace): string {
  return `${keys === null ? "/t/" : "/r/"}${room}`;
}

/** The link with everything one knows: for this tab alone. */
export function wholeLink(place: RoomPlace): string {
  const { keys, claim } = place;
  if (keys === null) return roomPath(place) + (claim === null ? "" : `#host=${claim}`);
  const host = claim === null ? "" : `.${claim}.${keys.hostSeed ?? ""}`;
  if (keys.invitation !== null) return `${roomPath(place)}#1.${keys.secret}.${keys.fingerprint}.i${keys.invitation}`;
  return `${roomPath(place)}#1.${keys.secret}.${keys.fingerprint}${host}`;
}

/** The link for others: they may knock with it, and no more. */
export function guestLink(place: RoomPlace): string {
  return wholeLink(withoutClaim(place));
}

/** The link for one person, who comes in by it without a host's click. Null in a transit room. */
export function personalLink(place: RoomPlace, { id, secret }: { id: string; secret: string }): string | null {
  if (place.keys === null) return null;
  return wholeLink({ ...withoutClaim(place), keys: { ...place.keys, secret, hostSeed: null, invitation: id } });
}

/** Whether one may pass one's link on: a personal invitation is for its bearer alone. */
export function isShareable({ keys }: RoomPlace): boolean {
  return keys === null || keys.invitation === null;
}

/** What remains once the claim is spent and the host key is in the browser's keeping. */
export function withoutClaim(place: RoomPlace): RoomPlace {
  return { ...place, claim: null, keys: place.keys === null ? null : { ...place.keys, hostSeed: null } };
}

/** The same place under a link that a host has changed. */
export function withSecret(place: RoomPlace, secret: string): RoomPlace {
  return place.keys === null ? place : { ...place, keys: { ...place.keys, secret, invitation: null } };
}

/** What a person pasted: a whole link of this server, or its path. Null when it is neither. */
export function roomFromPasted(pasted: string, origin: string): RoomPlace | { readonly at: "incomplete" } | null {
  const text = pasted.trim();
  let url: URL;
  try {
    url = new URL(text.startsWith("/") ? origin + text : text.includes("://") ? text : `https://${text}`);
  } catch {
    return null;
  }
  if (url.host !== new URL(origin).host) return null;
  const place = placeOf(url.pathname, url.hash);
  return place.at === "room" || place.at === "incomplete" ? place : null;
}
