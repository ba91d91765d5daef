/**
 * SFrame (RFC 9605): the header, the keys of a sender, sealing and opening with AES-GCM. Who may send what is left to the keyring.
 *
 * Only suites with a 16-byte tag exist here: a shorter tag lets a member forge frames (ePrint 2021/424).
 */

export type Bytes = Uint8Array<ArrayBuffer>;

interface Suite {
  readonly id: number;
  /** Bytes of the AES key (Nk of RFC 9605 §4.5). */
  readonly keyBytes: number;
}

/** AES_128_GCM_SHA256_128: what every frame of a room is sealed with. */
export const AES_128_GCM: Suite = { id: 0x0004, keyBytes: 16 };
const SUITES: readonly Suite[] = [AES_128_GCM, { id: 0x0005, keyBytes: 32 }];
const HASHES = new Map([
  [0x0004, "SHA-256"],
  [0x0005, "SHA-512"],
]);

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
/** Configuration byte, KID and CTR of 8 bytes each. */
const LONGEST_HEADER = 17;

/** The suite of this number in the registry of RFC 9605 §8.1. Throws a RangeError for every suite with a short tag. */
export function suite(id: number): Suite {
  const found = SUITES.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`SFrame suite 0x${id.toString(16)} is refused`);
  return found;
}

export interface Header {
  readonly kid: bigint;
  readonly ctr: bigint;
}

/** The header of RFC 9605 §4.3, 1 to 17 bytes. */
export function encodeHeader({ kid, ctr }: Header): Bytes {
  const out = new Uint8Array(LONGEST_HEADER);
  let at = 1;
  const field = (value: bigint): number => {
    if (value < 8n) return Number(value);
    const bytes = bigEndian(value);
    out.set(bytes, at);
    at += bytes.length;
    return 8 | (bytes.length - 1);
  };
  out[0] = (field(kid) << 4) | field(ctr);
  return out.slice(0, at);
}

/** Reads a header from the start of `data`; null when it is cut off. */
export function decodeHeader(data: Bytes): (Header & { readonly length: number }) | null {
  const config = data[0];
  if (config === undefined) return null;
  let at = 1;
  const field = (nibble: number): bigint | null => {
    if (nibble < 8) return BigInt(nibble);
    const end = at + (nibble & 7) + 1;
    if (end > data.length) return null;
    let value = 0n;
    for (; at < end; at += 1) value = (value << 8n) | BigInt(data[at] ?? 0);
    return value;
  };
  const kid = field(config >> 4);
  const ctr = field(config & 15);
  return kid === null || ctr === null ? null : { kid, ctr, length: at };
}

function bigEndian(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 255n));
  return bytes;
}

/** What one sender seals with in one epoch. */
export interface SenderKey {
  readonly key: CryptoKey;
  readonly salt: Bytes;
}

/** RFC 9605 §4.4.2: key and salt of `kid` from the base key, an HKDF key that may derive bits and keys. */
export async function deriveSenderKey(base: CryptoKey, kid: bigint, of: Suite = AES_128_GCM): Promise<SenderKey> {
  const hash = HASHES.get(of.id) ?? "";
  // An empty salt is HKDF-Extract with zeros, as the RFC wants it.
  const hkdf = (label: string) => ({ name: "HKDF", hash, salt: new Uint8Array(), info: info(label, kid, of.id) });
  const [key, salt] = await Promise.all([
    crypto.subtle.deriveKey(
      hkdf("SFrame 1.0 Secret key "),
      base,
      { name: "AES-GCM", length: of.keyBytes * 8 },
      false, // the key never leaves WebCrypto
      ["encrypt", "decrypt"],
    ),
    crypto.subtle.deriveBits(hkdf("SFrame 1.0 Secret salt "), base, NONCE_BYTES * 8),
  ]);
  return { key, salt: new Uint8Array(salt) };
}

function info(label: string, kid: bigint, suiteId: number): Bytes {
  const text = new TextEncoder().encode(label);
  const out = new Uint8Array(text.length + 10);
  out.set(text);
  const tail = new DataView(out.buffer, text.length);
  tail.setBigUint64(0, kid);
  tail.setUint16(8, suiteId);
  return out;
}

function nonce(salt: Bytes, ctr: bigint): Bytes {
  const out = salt.slice();
  let rest = ctr;
  for (let at = NONCE_BYTES - 1; rest > 0n; at -= 1, rest >>= 8n) out[at] = (out[at] ?? 0) ^ Number(rest & 255n);
  return out;
}

/** Header, ciphertext and tag of `plaintext`; `metadata` is authenticated and not sent. */
export async function seal(keys: SenderKey, header: Header, metadata: Bytes, plaintext: Bytes): Promise<Bytes> {
  const head = encodeHeader(header);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce(keys.salt, header.ctr), additionalData: joined(head, metadata) },
    keys.key,
    plaintext,
  );
  return joined(head, new Uint8Array(sealed));
}

/** The plaintext of an SFrame ciphertext whose header has been read; null when it does not authenticate. */
export async function open(
  keys: SenderKey,
  header: Header & { readonly length: number },
  metadata: Bytes,
  sframe: Bytes,
): Promise<Bytes | null> {
  if (sframe.length < header.length + TAG_BYTES) return null;
  try {
    const opened = await crypto.subtle.decrypt(
      {
        name: "AES-GCM",
        iv: nonce(keys.salt, header.ctr),
        additionalData: joined(sframe.subarray(0, header.length), metadata),
      },
      keys.key,
      sframe.subarray(header.length),
    );
    return new Uint8Array(opened);
  } catch {
    return null;
  }
}

export function joined(first: Bytes, second: Bytes): Bytes {
  const out = new Uint8Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
