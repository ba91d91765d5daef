/** Draws an encrypted room in the browser: its id, its secret, its host key and the first policy. The server gets only the last. */

import { toBase64Url } from "../e2ee/bytes";
import { drawRoomId, fingerprintOf } from "../e2ee/derive";
import { keepHostKey } from "../e2ee/seat-keys";
import { hostKeyOfSeed, policyBlob } from "../e2ee/signing";
import type { EncryptionPort } from "../model/ports";
import { Failure, type RoomId } from "../types/room";

const SECRET_BYTES = 16;
const SEED_BYTES = 32;
const MOST_MEMBERS = 300;
// Clocks differ; a policy must not be too young for anybody.
const EARLIER_S = 24 * 60 * 60;

export const drawRoom: EncryptionPort["draw"] = async () => {
  const room = drawRoomId();
  const now = Date.now();
  const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
  const host = await hostKeyOfSeed(seed).catch(() => {
    throw new Failure("encryption_unsupported");
  });
  seed.fill(0);
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
  await keepHostKey(room, host, now);
  const secret = toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  const keys = { secret, fingerprint: await fingerprintOf(host.publicKey), hostSeed: null, invitation: null };
  return { room: room as RoomId, keys, policy: toBase64Url(policy) };
};
