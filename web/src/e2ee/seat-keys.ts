/** A browser's seat and host keys for each room, none of which can be exported. Where they are kept is `key-store`'s. */

import { type Kept, keep, kept } from "./key-store";
import { drawSigningKey, type SigningKey } from "./signing";

export type KeyKind = "seat" | "host";

type KeptKey = SigningKey & Kept;

const idOf = (room: string, kind: KeyKind) => `${kind}:${room}`;

/** The key of this browser for `room`, or null if it has none. `now` in Unix milliseconds. */
export async function keptKey(room: string, kind: KeyKind, now: number): Promise<SigningKey | null> {
  const found = await kept<KeptKey>(idOf(room, kind), now);
  return found === null ? null : { privateKey: found.privateKey, publicKey: found.publicKey };
}

export async function keepKey(room: string, kind: KeyKind, key: SigningKey, now: number): Promise<void> {
  const { privateKey, publicKey } = key;
  const entry: KeptKey = { id: idOf(room, kind), privateKey, publicKey, usedAt: now };
  await keep(entry);
}

/** The seat key of this browser for `room`, made at the first visit. */
export async function seatKey(room: string, now: number): Promise<SigningKey> {
  const known = await keptKey(room, "seat", now);
  if (known !== null) return known;
  const drawn = await drawSigningKey();
  await keepKey(room, "seat", drawn, now);
  return drawn;
}
