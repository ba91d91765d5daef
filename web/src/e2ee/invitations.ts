/**
 * Personal invitations: the secret of each, and the link secret sealed for whom a host let in by one. Which of them still count is
 * for `model` to say.
 */

import { decode, encode } from "cborg";
import { type Bytes, concat, uint, utf8 } from "./bytes";
import { labelled, sealingKey } from "./derive";

export const INVITATION_ID_BYTES = 8;
const SECRET_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const GENERATION_BYTES = 4;
const GRANT_BYTES = GENERATION_BYTES + NONCE_BYTES + SECRET_BYTES + TAG_BYTES;
// Of a knock card: seat key, name, mac, and the id of an invitation.
const INVITATION_FIELD = 4;

/** The link secret in force, with its generation. */
export interface Link {
  readonly secret: Bytes;
  readonly generation: number;
}

/** I: the secret in the link of one invitation. Any host can derive it again from the room's seed. */
export async function invitationSecret(root: CryptoKey, room: string, id: Bytes): Promise<Bytes> {
  const info = concat(utf8("hc1 invitation"), id);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: utf8(room), info };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, root, SECRET_BYTES * 8));
}

/** The link secret for the one who came by this invitation with this seat: nobody else can open it, and it fits no other seat. */
export async function sealGrant(
  invitation: Bytes,
  room: string,
  seatPublicKey: Bytes,
  link: Link,
  nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
): Promise<Bytes> {
  const generation = uint(link.generation, GENERATION_BYTES);
  const additionalData = grantData(room, seatPublicKey, generation);
  const key = await sealingKey(invitation, room, "hc1 grant");
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, key, link.secret);
  return concat(generation, nonce, new Uint8Array(sealed));
}

/** Null when it was sealed for another seat, room or invitation, or altered. */
export async function openGrant(
  invitation: Bytes,
  room: string,
  seatPublicKey: Bytes,
  grant: Bytes,
): Promise<Link | null> {
  if (grant.length !== GRANT_BYTES) return null;
  const generation = grant.slice(0, GENERATION_BYTES);
  const iv = grant.slice(GENERATION_BYTES, GENERATION_BYTES + NONCE_BYTES);
  const additionalData = grantData(room, seatPublicKey, generation);
  const key = await sealingKey(invitation, room, "hc1 grant");
  const sealed = grant.slice(GENERATION_BYTES + NONCE_BYTES);
  try {
    const secret = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed));
    return { secret, generation: new DataView(generation.buffer).getUint32(0) };
  } catch {
    return null;
  }
}

/** The id of the invitation a card says it was made with: not yet believed. Null for a card of the shared link. */
export function invitationOf(card: Bytes): Bytes | null {
  const id = fieldsOf(card)?.get(INVITATION_FIELD);
  return id instanceof Uint8Array && id.length === INVITATION_ID_BYTES ? new Uint8Array(id) : null;
}

/** What a host gives with an admission: the certificate, for an invited guest together with the sealed link secret. */
export function leave(certificate: Bytes, grant: Bytes | null): Bytes {
  return grant === null ? certificate : (encode([certificate, grant]) as Bytes);
}

export function partsOfLeave(bytes: Bytes): { certificate: Bytes; grant: Bytes | null } {
  let parts: unknown;
  try {
    parts = decode(bytes, { useMaps: true });
  } catch {
    parts = null;
  }
  if (!Array.isArray(parts)) return { certificate: bytes, grant: null };
  const [certificate, grant] = parts;
  if (parts.length !== 2 || !(certificate instanceof Uint8Array) || !(grant instanceof Uint8Array)) {
    return { certificate: bytes, grant: null };
  }
  return { certificate: new Uint8Array(certificate), grant: new Uint8Array(grant) };
}

function fieldsOf(card: Bytes): Map<unknown, unknown> | null {
  try {
    const fields: unknown = decode(card, { useMaps: true, rejectDuplicateMapKeys: true });
    return fields instanceof Map ? fields : null;
  } catch {
    return null;
  }
}

function grantData(room: string, seatPublicKey: Bytes, generation: Bytes): Bytes {
  return labelled("hc1 grant", utf8(room), seatPublicKey, generation);
}
