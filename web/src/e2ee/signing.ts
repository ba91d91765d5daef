/** Signs what a seat and a host say: room policies, certificates, leaves. Judging signatures is left to `mls`, in one place. */

import { decode, encode } from "cborg";
import { type Bytes, concat, uint, utf8 } from "./bytes";
import { labelled } from "./derive";

/** An Ed25519 key whose private half never leaves WebCrypto. */
export interface SigningKey {
  readonly privateKey: CryptoKey;
  /** 32 bytes. */
  readonly publicKey: Bytes;
}

/** The room's host key with what else its seed gives. */
export interface HostKey extends SigningKey {
  /** HKDF key of the seed, not exportable. Null where a browser has kept the signing key alone, as ours did once. */
  readonly root: CryptoKey | null;
}

export const ROLE_GUEST = 1;
export const ROLE_HOST = 2;

const POLICY_VERSION = 1;
// MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 of RFC 9420.
const MLS_SUITE = 1;

/** What a new room is to be like. Times are Unix seconds; `notAfter` 0 means no end. */
export interface PolicyTerms {
  readonly room: string;
  readonly admission: "lobby" | "open";
  readonly max: number;
  readonly gen: number;
  readonly seq: number;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Of identity providers; empty where it is absent. */
  readonly thumbprints?: readonly unknown[];
  readonly banned: readonly string[];
  /** Title and agenda, sealed for those who have the link. */
  readonly about?: Bytes | null;
  /** What hosts keep for one another, sealed for them. */
  readonly notes?: Bytes | null;
}

/** A key of one's own that cannot be exported. Rejects where the browser has no Ed25519. */
export async function drawSigningKey(): Promise<SigningKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { privateKey: pair.privateKey, publicKey };
}

// RFC 8410: the fixed beginning of a PKCS #8 Ed25519 key, before its 32 bytes.
const PKCS8 = new Uint8Array([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);

/** The key of a 32-byte seed, as a host's link carries it. Not exportable any more. */
export async function signingKeyOfSeed(seed: Bytes): Promise<SigningKey> {
  const pkcs8 = concat(PKCS8, seed);
  const exportable = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  // The public half is to be had only by exporting once.
  const { x } = await crypto.subtle.exportKey("jwk", exportable);
  const publicKey = Uint8Array.from(atob((x ?? "").replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  return { privateKey, publicKey };
}

/** Both halves of what a host holds, from the seed. The caller may wipe that afterwards. */
export async function hostKeyOfSeed(seed: Bytes): Promise<HostKey> {
  const root = await crypto.subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"]);
  return { ...(await signingKeyOfSeed(seed)), root };
}

export async function signed(key: SigningKey, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key.privateKey, bytes));
}

/** CBOR `[body, sig]`, body being the CBOR of the terms. */
export async function policyBlob(host: SigningKey, terms: PolicyTerms): Promise<Bytes> {
  const optional: readonly [number, Bytes | null | undefined][] = [
    [14, terms.about],
    [15, terms.notes],
  ];
  const sealed = optional.filter(([, bytes]) => bytes != null);
  const body = encode(
    new Map<number, unknown>([
      [1, POLICY_VERSION],
      [2, terms.room],
      [3, "e2ee"],
      [4, MLS_SUITE],
      [5, terms.admission],
      [6, terms.max],
      [7, host.publicKey],
      [8, terms.gen],
      [9, terms.seq],
      [10, terms.notBefore],
      [11, terms.notAfter],
      [12, [...(terms.thumbprints ?? [])]],
      [13, [...terms.banned]],
      ...sealed,
    ]),
  );
  return encode([body, await signed(host, labelled("hc1 policy", body))]) as Bytes;
}

/** What a policy says that was judged already. Throws for anything else. */
export function policyTerms(blob: Bytes): PolicyTerms {
  const [body] = decode(blob) as [Bytes];
  const fields = decode(body, { useMaps: true }) as Map<number, unknown>;
  const number = (key: number) => Number(fields.get(key));
  const sealed = (key: number) => (fields.has(key) ? new Uint8Array(fields.get(key) as Bytes) : null);
  return {
    room: String(fields.get(2)),
    admission: fields.get(5) === "open" ? "open" : "lobby",
    max: number(6),
    gen: number(8),
    seq: number(9),
    notBefore: number(10),
    notAfter: number(11),
    thumbprints: fields.get(12) as readonly unknown[],
    banned: fields.get(13) as readonly string[],
    about: sealed(14),
    notes: sealed(15),
  };
}

/** A host's word that this seat may be in the room, until `notAfter` (Unix seconds). */
export async function certificate(
  host: SigningKey,
  room: string,
  role: typeof ROLE_GUEST | typeof ROLE_HOST,
  seatPublicKey: Bytes,
  notAfter: number,
): Promise<Bytes> {
  const bytes = labelled("hc1 cert", utf8(room), uint(role, 1), seatPublicKey, uint(notAfter, 8));
  const entries: [number, unknown][] = [
    [1, role],
    [2, seatPublicKey],
    [3, notAfter],
    [4, await signed(host, bytes)],
  ];
  return encode(new Map(entries)) as Bytes;
}

/** The seat's word that this MLS leaf key is its own in this room. */
export async function leafSignature(seat: SigningKey, room: string, leafPublicKey: Bytes): Promise<Bytes> {
  return signed(seat, labelled("hc1 leaf", utf8(room), leafPublicKey));
}
