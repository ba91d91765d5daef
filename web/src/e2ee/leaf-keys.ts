/**
 * Keeps the signature key of one's leaf over a reload: who comes back with it takes the place of the leaf that was left behind, and
 * nobody sees a ghost. MLS needs the bytes themselves, so they lie in the store sealed under a key that no script can read.
 */

import type { Bytes } from "./bytes";
import { type Kept, keep, kept } from "./key-store";

interface SealedLeafKey extends Kept {
  readonly sealer: CryptoKey;
  readonly nonce: Bytes;
  readonly sealed: Bytes;
}

const NONCE_BYTES = 12;
const idOf = (room: string) => `leaf:${room}`;

/** The key of the last leaf of this browser in `room`, or null. */
export async function keptLeafKey(room: string, now: number): Promise<Bytes | null> {
  const found = await kept<SealedLeafKey>(idOf(room), now);
  if (found === null) return null;
  const { sealer, nonce, sealed } = found;
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, sealer, sealed));
}

export async function keepLeafKey(room: string, key: Bytes, now: number): Promise<void> {
  const sealer = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt", "decrypt"]);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, sealer, key));
  const entry: SealedLeafKey = { id: idOf(room), usedAt: now, sealer, nonce, sealed };
  await keep(entry);
}
