/** A browser's seat and host keys for each room, none of which can be exported. Where they are kept is `key-store`'s. */

import { type Kept, keep, kept } from "./key-store";
import { drawSigningKey, type HostKey, type SigningKey } from "./signing";

type KeyKind = "seat" | "host";

/** A seat key has no root. */
type AnyKey = SigningKey & Partial<HostKey>;

const idOf = (room: string, kind: KeyKind) => `${kind}:${room}`;

async function keptKey(room: string, kind: KeyKind, now: number): Promise<HostKey | null> {
  const found = await kept<AnyKey & Kept>(idOf(room, kind), now);
  return found === null ? null : { privateKey: found.privateKey, publicKey: found.publicKey, root: found.root ?? null };
}

async function keepKey(room: string, kind: KeyKind, key: AnyKey, now: number): Promise<void> {
  const { privateKey, publicKey, root } = key;
  const entry: AnyKey & Kept = { id: idOf(room, kind), privateKey, publicKey, root: root ?? null, usedAt: now };
  await keep(entry);
}

/** The host key this browser has of the room, or null. `now` in Unix milliseconds. */
export function keptHostKey(room: string, now: number): Promise<HostKey | null> {
  return keptKey(room, "host", now);
}

export function keepHostKey(room: string, key: HostKey, now: number): Promise<void> {
  return keepKey(room, "host", key, now);
}

/** The seat key of this browser for `room`, made at the first visit. */
export async function seatKey(room: string, now: number): Promise<SigningKey> {
  const known = await keptKey(room, "seat", now);
  if (known !== null) return known;
  const drawn = await drawSigningKey();
  await keepKey(room, "seat", drawn, now);
  return drawn;
}
