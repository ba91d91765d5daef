/** Seals one frame or one data packet with the key of the epoch in force, or says why it must not leave. */

import { type Codec, split, wrapped } from "./clear-prefix";
import type { Keyring } from "./keyring";
import { type Bytes, seal } from "./sframe";
import { metadata, type Reason, type Stream } from "./stream";

const NOTHING: Bytes = new Uint8Array();

/** The frame as it may leave, or the reason for which it must be dropped. Never the plaintext. */
export async function sealFrame(ring: Keyring, stream: Stream, codec: Codec, frame: Bytes): Promise<Bytes | Reason> {
  const parts = split(codec, frame);
  if (parts === null) return "malformed";
  const turn = await ring.turn();
  if (turn === null) return "no_key";
  const sframe = await seal(turn.keys, turn, metadata(stream.kind, stream.slot, parts.clear), parts.body);
  return wrapped(codec, parts.clear, sframe);
}

/** An SFrame ciphertext of `data`, or the reason for which it must not be sent. */
export async function sealData(ring: Keyring, data: Bytes): Promise<Bytes | Reason> {
  const turn = await ring.turn();
  if (turn === null) return "no_key";
  return seal(turn.keys, turn, metadata("data", 0, NOTHING), data);
}
