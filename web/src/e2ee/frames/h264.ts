/**
 * H.264 in Annex B form: finds the first slice, writes all start codes before it with 4 bytes, and keeps ciphertext free of start codes.
 *
 * Browsers cut a frame at start codes to packetize it and put 4-byte ones back, so both ends must agree on one form.
 */

import type { Bytes } from "./sframe";

const START_CODE = [0, 0, 0, 1] as const;
const FIRST_SLICE = 1;
const LAST_SLICE = 5;
/** Header byte of the slice, and the byte in which a browser looks whether the slice begins a picture. */
const CLEAR_OF_SLICE = 2;

/** The frame up to and including the first two bytes of its first slice, normalised, and all that follows; null without slice. */
export function splitAtFirstSlice(frame: Bytes): { readonly clear: Bytes; readonly body: Bytes } | null {
  const clear: number[] = [];
  let unit = afterStartCode(frame, 0);
  while (unit !== null) {
    const header = frame[unit];
    if (header === undefined) return null;
    const type = header & 0x1f;
    if (type >= FIRST_SLICE && type <= LAST_SLICE) {
      const body = unit + CLEAR_OF_SLICE;
      if (body > frame.length) return null;
      clear.push(...START_CODE, ...frame.subarray(unit, body));
      return { clear: new Uint8Array(clear), body: frame.subarray(body) };
    }
    const next = afterStartCode(frame, unit);
    if (next === null) return null;
    let end = next - 3;
    // The first zero of a 4-byte start code, and zeros that a unit may trail, belong to no unit.
    while (end > unit && frame[end - 1] === 0) end -= 1;
    clear.push(...START_CODE, ...frame.subarray(unit, end));
    unit = next;
  }
  return null;
}

/** Where the unit after the next 00 00 01 begins; null when there is none. */
function afterStartCode(frame: Bytes, from: number): number | null {
  for (let at = from; at + 3 <= frame.length; at += 1) {
    if (frame[at] === 0 && frame[at + 1] === 0 && frame[at + 2] === 1) return at + 3;
  }
  return null;
}

/** Puts 03 after each pair of zeros that a byte of 0 to 3 follows (H.264 §7.4.1.1). */
export function escaped(data: Bytes): Bytes {
  const out = new Uint8Array(data.length + (data.length >> 1) + 1);
  let to = 0;
  let zeros = 0;
  for (const byte of data) {
    if (zeros === 2 && byte <= 3) {
      out[to++] = 3;
      zeros = 0;
    }
    out[to++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out.slice(0, to);
}

/** Takes out what `escaped` put in. */
export function unescaped(data: Bytes): Bytes {
  const out = new Uint8Array(data.length);
  let to = 0;
  let zeros = 0;
  for (const byte of data) {
    if (zeros === 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    out[to++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out.slice(0, to);
}
