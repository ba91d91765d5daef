/** Keys and frames for the tests of this folder. */

import type { Installation } from "./keyring";
import { Keyring } from "./keyring";
import type { Bytes } from "./sframe";
import type { Stream } from "./stream";

export const ALICE = 1;
export const BOB = 2;
export const MEMBERS = [
  [ALICE, "alice"],
  [BOB, "bob"],
] as const;

export const CAMERA: Stream = { kind: "video", slot: 0, identity: "alice", codec: "vp8" };

export function bytes(hex: string): Bytes {
  return new Uint8Array(hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? []);
}

export function hex(data: Uint8Array): string {
  return [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function baseKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey", "deriveBits"]);
}

export async function installation(epoch: number, leaf: number, seed = epoch): Promise<Installation> {
  return { epoch, base: await baseKey(new Uint8Array(16).fill(seed)), leaf, members: MEMBERS };
}

/** A member's keyring that sends in `epoch`. */
export async function ringOf(leaf: number, epoch: number, seed = epoch, lastCounter?: number): Promise<Keyring> {
  const ring = new Keyring(lastCounter);
  await ring.install(await installation(epoch, leaf, seed));
  ring.switchTo(epoch);
  return ring;
}

/** Something that begins like a VP8 frame. */
export function vp8(key: boolean, length = 400): Bytes {
  const frame = Uint8Array.from({ length }, (_, at) => (at * 31) % 251);
  frame.set([key ? 0x10 : 0x11, 2, 0]);
  return frame;
}
