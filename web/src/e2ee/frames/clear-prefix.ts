/** How much of a frame stays readable for the server and the browser's packetizer, by codec, and how the rest is wrapped. */

import { escaped, splitAtFirstSlice, unescaped } from "./h264";
import { type Bytes, joined } from "./sframe";

export type Codec = "opus" | "vp8" | "vp9" | "h264";

/** The published list (docs/develop/frame-encryption.md): bytes at the start of a frame that are authenticated but not encrypted. */
export const CLEAR_BYTES = {
  opus: "1",
  "vp8 key": "10",
  "vp8 delta": "3",
  vp9: "0",
  h264: "through the second byte of the first slice",
} as const;

/** The codec of a MIME type as a browser or the server names it; null for what is never sent here (AV1, H.265, RED). */
export function codecOf(mimeType: string): Codec | null {
  const name = mimeType.toLowerCase().split("/")[1];
  return name === "opus" || name === "vp8" || name === "vp9" || name === "h264" ? name : null;
}

export interface Split {
  readonly clear: Bytes;
  readonly body: Bytes;
}

/** Cuts a frame behind its clear bytes; null when it is too short to be one. Of a sealed frame, `body` is still wrapped. */
export function split(codec: Codec, frame: Bytes): Split | null {
  if (codec === "h264") return splitAtFirstSlice(frame);
  const clear = clearLength(codec, frame);
  if (frame.length < clear || frame.length === 0) return null;
  return { clear: frame.subarray(0, clear), body: frame.subarray(clear) };
}

function clearLength(codec: "opus" | "vp8" | "vp9", frame: Bytes): number {
  switch (codec) {
    case "opus":
      return Number(CLEAR_BYTES.opus);
    case "vp9":
      return Number(CLEAR_BYTES.vp9);
    case "vp8":
      // The lowest bit of a VP8 frame is 0 in a key frame (RFC 6386 §9.1); it stays readable itself.
      return Number(((frame[0] ?? 1) & 1) === 0 ? CLEAR_BYTES["vp8 key"] : CLEAR_BYTES["vp8 delta"]);
  }
}

/** The frame as it travels: clear bytes, then the SFrame ciphertext in the form the codec's packetizer leaves whole. */
export function wrapped(codec: Codec, clear: Bytes, sframe: Bytes): Bytes {
  return joined(clear, codec === "h264" ? escaped(sframe) : sframe);
}

/** The SFrame ciphertext in the body of a frame that arrived. */
export function unwrapped(codec: Codec, body: Bytes): Bytes {
  return codec === "h264" ? unescaped(body) : body;
}
