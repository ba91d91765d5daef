/**
 * Remembers which rooms were ever encrypted end to end, and refuses to meet them as anything less. Pure, over the keepsakes.
 *
 * The server says what a room is; a browser that knows better does not believe it.
 */

import type { ErrorCode } from "../types/errors";
import type { Look, RoomId } from "../types/room";
import type { LinkKeys } from "./link";
import type { KeepsakePort } from "./ports";

const pinName = (room: RoomId) => `huisclos.pin.${room}`;

/** The highest policy number ever seen of `room`; null if it was never seen encrypted. */
export function pinOf(keepsakes: KeepsakePort, room: RoomId): number | null {
  const kept = keepsakes.read(pinName(room));
  if (kept === null) return null;
  const seq = Number(kept);
  // An unreadable pin still says that there was one.
  return Number.isSafeInteger(seq) && seq >= 0 ? seq : 0;
}

/** Notes that `room` is encrypted, under a policy of this number or a later one. */
export function pin(keepsakes: KeepsakePort, room: RoomId, seq: number): void {
  if (seq >= (pinOf(keepsakes, room) ?? 0)) keepsakes.write(pinName(room), String(seq));
}

/** Why one must not go on, or null. What the policy itself says is judged by whoever can read it. */
export function refusalOf(look: Look, keys: LinkKeys | null, pinned: number | null): ErrorCode | null {
  if (keys === null) {
    if (pinned !== null) return "downgrade_refused";
    return look.encryption === "e2ee" ? "link_incomplete" : null;
  }
  return look.encryption === "e2ee" && look.policy !== null ? null : "downgrade_refused";
}
