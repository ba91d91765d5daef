/** Draws an encrypted room in the browser: its id, its secret, its host key and the first policy. The server gets only the last. */

import { toBase64Url } from "../e2ee/bytes";
import { drawRoomId, fingerprintOf } from "../e2ee/derive";
import { keepKey } from "../e2ee/seat-keys";
import { drawSigningKey, policyBlob } from "../e2ee/signing";
import type { EncryptionPort } from "../model/ports";
import { Failure, type RoomId } from "../types/room";

const SECRET_BYTES = 16;
const MOST_MEMBERS = 300;
// Clocks differ; a policy must not be too young for anybody.
const EARLIER_S = 24 * 60 * 60;

export const drawRoom: EncryptionPort["draw"] = async () => {
  const room = drawRoomId();
  const now = Date.now();
  const host = await drawSigningKey().catch(() => {
    throw new Failure("encryption_unsupported");
  });
  const policy = await policyBlob(host, {
    room,
    admission: "lobby",
    max: MOST_MEMBERS,
    gen: 1,
    seq: 1,
    notBefore: Math.floor(now / 1000) - EARLIER_S,
    notAfter: 0,
    banned: [],
  });
  await keepKey(room, "host", host, now);
  const secret = toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  const keys = { secret, fingerprint: await fingerprintOf(host.publicKey), hostSeed: null };
  return { room: room as RoomId, keys, policy: toBase64Url(policy) };
};
