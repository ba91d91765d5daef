/** Names that are made from keys, and keys that the browser seals with by itself. What MLS needs of the link is derived in `mls`. */

import { type Bytes, concat, toBase64Url, utf8 } from "./bytes";

const IDENTITY_BYTES = 15;
const FINGERPRINT_BYTES = 16;
const ROOM_BYTES = 16;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Who a seat is to everybody, the server included: nobody can take an identity without its key. 22 characters. */
export async function identityOf(seatPublicKey: Bytes): Promise<string> {
  return `p_${toBase64Url((await sha256(seatPublicKey)).slice(0, IDENTITY_BYTES))}`;
}

/** F of the link: which host key the link means. base64url of 16 bytes. */
export async function fingerprintOf(hostPublicKey: Bytes): Promise<string> {
  return toBase64Url((await sha256(hostPublicKey)).slice(0, FINGERPRINT_BYTES));
}

/** A room id of 26 characters: 16 random bytes in RFC 4648 base32, lower case, unpadded. */
export function drawRoomId(): string {
  return base32(crypto.getRandomValues(new Uint8Array(ROOM_BYTES)));
}

export function base32(bytes: Uint8Array): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31];
}

/** AES-256-GCM key of a link's or an invitation's secret: HKDF-SHA256 with the room as salt and `label` as info. */
export async function sealingKey(secret: Bytes, room: string, label: string): Promise<CryptoKey> {
  const from = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: utf8(room), info: utf8(label) };
  return crypto.subtle.deriveKey(how, from, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** `label` ‖ 0x00 ‖ the parts: what is signed can never be taken for something else that is signed. */
export function labelled(label: string, ...parts: readonly Uint8Array[]): Bytes {
  return concat(utf8(label), new Uint8Array(1), ...parts);
}
