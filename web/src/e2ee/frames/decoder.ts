/** Opens one frame or one data packet, or says why it must not be shown. There is no way past: what does not open is dropped. */

import { type Codec, split, unwrapped } from "./clear-prefix";
import { type Keyring, LAST_COUNTER } from "./keyring";
import { type Bytes, decodeHeader, joined, open, TAG_BYTES } from "./sframe";
import { type Kind, metadata, type Reason, type Stream } from "./stream";

const NOTHING: Bytes = new Uint8Array();

export interface Opened {
  readonly data: Bytes;
  /** The sender's epoch. */
  readonly epoch: number;
}

/** The frame for the codec's decoder, or the reason for which it must be dropped. */
export async function openFrame(ring: Keyring, stream: Stream, codec: Codec, frame: Bytes): Promise<Opened | Reason> {
  const parts = split(codec, frame);
  if (parts === null) return "malformed";
  const opened = await openSealed(ring, stream, parts.clear, unwrapped(codec, parts.body));
  return typeof opened === "string" ? opened : { ...opened, data: joined(parts.clear, opened.data) };
}

/** The data packet that `identity` sealed, or the reason for which it must be dropped. */
export async function openData(ring: Keyring, identity: string, sframe: Bytes): Promise<Opened | Reason> {
  return openSealed(ring, { kind: "data", slot: 0, identity }, NOTHING, sframe);
}

async function openSealed(
  ring: Keyring,
  stream: Pick<Stream, "kind" | "slot" | "identity">,
  clear: Bytes,
  sframe: Bytes,
): Promise<Opened | Reason> {
  const header = decodeHeader(sframe);
  if (header === null || sframe.length < header.length + TAG_BYTES || header.ctr >= LAST_COUNTER) return "malformed";
  const sender = ring.sender(header.kid);
  if (sender === null) return "no_key";
  if (sender.identity !== stream.identity) return "wrong_leaf";
  // Kept with the sender's key and not with the track: a new subscription must not open an old frame again.
  const window = sender.window(windowName(stream.kind, stream.slot));
  const ctr = Number(header.ctr);
  if (!window.fresh(ctr)) return "replay";
  const data = await open(await sender.keys(), header, metadata(stream.kind, stream.slot, clear), sframe);
  if (data === null) return "bad_tag";
  // Only now: what does not authenticate must not move the window.
  return window.take(ctr) ? { data, epoch: sender.epoch } : "replay";
}

function windowName(kind: Kind, slot: number): string {
  return `${kind} ${slot}`;
}
