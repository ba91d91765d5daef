/** Title and agenda of a room, sealed for those who have the link. Who cannot open them has another link than the one in force. */

import { decode, encode } from "cborg";
import { type Bytes, concat, uint, utf8 } from "./bytes";
import { labelled, sealingKey } from "./derive";

export interface About {
  readonly title: string;
  readonly agenda: string;
}

export const noAbout: About = { title: "", agenda: "" };
export const LONGEST_TITLE = 120;
export const LONGEST_AGENDA = 4_000;

const NONCE_BYTES = 12;
const LENGTH_BYTES = 2;
const PADDED_TO = 256;

/** `secret`: S of the link, 16 bytes. Throws RangeError for a title or agenda that is too long (in characters). */
export async function sealAbout(room: string, secret: Bytes, { title, agenda }: About): Promise<Bytes> {
  if ([...title].length > LONGEST_TITLE || [...agenda].length > LONGEST_AGENDA) throw new RangeError("too long");
  const fields: [number, string][] = [
    [1, title],
    [2, agenda],
  ];
  const text = encode(new Map(fields));
  const length = Math.ceil((LENGTH_BYTES + text.length) / PADDED_TO) * PADDED_TO;
  const padding = new Uint8Array(length - LENGTH_BYTES - text.length);
  const plain = concat(uint(text.length, LENGTH_BYTES), text, padding);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(terms(room, nonce), await sealingKey(secret, room, "hc1 meta"), plain);
  return concat(nonce, new Uint8Array(sealed));
}

/** Null where it was sealed with another link, or is none. */
export async function openAbout(room: string, secret: Bytes, sealed: Bytes): Promise<About | null> {
  try {
    const nonce = sealed.slice(0, NONCE_BYTES);
    const key = await sealingKey(secret, room, "hc1 meta");
    const plain = new Uint8Array(await crypto.subtle.decrypt(terms(room, nonce), key, sealed.slice(NONCE_BYTES)));
    const length = ((plain[0] ?? 0) << 8) | (plain[1] ?? 0);
    const fields = decode(plain.slice(LENGTH_BYTES, LENGTH_BYTES + length), { useMaps: true }) as Map<number, unknown>;
    const [title, agenda] = [fields.get(1), fields.get(2)];
    return typeof title === "string" && typeof agenda === "string" ? { title, agenda } : null;
  } catch {
    return null;
  }
}

function terms(room: string, iv: Bytes): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: labelled("hc1 about", utf8(room)) };
}
