/** The vectors that `mls` writes, computed anew in this language: keys, names made of keys, what hosts and seats sign, frames. */

import { describe, expect, test } from "vitest";
import vectors from "../../../contract/e2ee-vectors.json";
import { fromBase64Url } from "./bytes";
import { fingerprintOf, identityOf } from "./derive";
import { baseKey, bytes, hex } from "./frames/fixture";
import { kidOf } from "./frames/keyring";
import { decodeHeader, deriveSenderKey, open } from "./frames/sframe";
import { invitationOf, invitationSecret, openGrant, sealGrant } from "./invitations";
import { certificate, hostKeyOfSeed, leafSignature, policyBlob, ROLE_GUEST, signingKeyOfSeed } from "./signing";

const { keys, link, policy, certificate: certified, leaf } = vectors;

describe("the vectors of the contract", () => {
  test("give the same keys, fingerprint and identity", async () => {
    const host = await signingKeyOfSeed(bytes(keys.host_seed));
    const seat = await signingKeyOfSeed(bytes(keys.seat_seed));

    expect(hex(host.publicKey)).toBe(keys.host_pk);
    expect(hex(seat.publicKey)).toBe(keys.seat_pk);
    expect(hex(fromBase64Url(await fingerprintOf(host.publicKey)) ?? new Uint8Array())).toBe(link.f);
    expect(await identityOf(seat.publicKey)).toBe(vectors.identity);
  });

  test("are signed byte for byte: policy, certificate and leaf", async () => {
    const host = await signingKeyOfSeed(bytes(keys.host_seed));
    const seat = await signingKeyOfSeed(bytes(keys.seat_seed));
    const terms = {
      room: link.room,
      admission: "lobby" as const,
      max: policy.max,
      gen: policy.gen,
      seq: policy.seq,
      notBefore: policy.not_before,
      notAfter: policy.not_after,
      banned: policy.banned,
    };

    expect(hex(await policyBlob(host, terms))).toBe(policy.blob);
    const { about, notes, blob } = policy.sealed;
    expect(hex(await policyBlob(host, { ...terms, about: bytes(about), notes: bytes(notes) }))).toBe(blob);
    expect(hex(await certificate(host, link.room, ROLE_GUEST, seat.publicKey, certified.not_after))).toBe(
      certified.certificate,
    );
    expect(hex(await leafSignature(seat, link.room, bytes(keys.leaf_pk)))).toBe(leaf.seat_sig);
  });

  test("have the invitation, its card's id, and the link secret sealed for its bearer", async () => {
    const { invitation } = vectors;
    const { root, seatPk, room } = {
      root: (await hostKeyOfSeed(bytes(keys.host_seed))).root as CryptoKey,
      seatPk: bytes(keys.seat_pk),
      room: link.room,
    };
    const secret = await invitationSecret(root, room, bytes(invitation.id));
    const { generation, nonce, grant } = invitation;

    expect(hex(secret)).toBe(invitation.secret);
    expect(hex(invitationOf(bytes(invitation.card)) ?? new Uint8Array())).toBe(invitation.id);
    expect(invitationOf(bytes(vectors.card.card))).toBeNull();
    const sealed = await sealGrant(secret, room, seatPk, { secret: bytes(link.secret), generation }, bytes(nonce));
    expect(hex(sealed)).toBe(grant);
    expect(await openGrant(secret, room, seatPk, bytes(grant))).toEqual({ secret: bytes(link.secret), generation });
  });

  test(`have the key ids of all ${vectors.kid.length} leaves and epochs`, () => {
    for (const { leaf, epoch, kid } of vectors.kid) expect(kidOf(leaf, epoch)).toBe(BigInt(kid));
  });

  test(`open all ${vectors.frames.length} frames`, async () => {
    const sender = await deriveSenderKey(await baseKey(bytes(vectors.sframe.base)), BigInt(vectors.sframe.kid));
    for (const frame of vectors.frames) {
      const sealed = bytes(frame.wire).slice(frame.clear);
      const header = decodeHeader(sealed);
      expect(header).toMatchObject({ kid: BigInt(frame.kid), ctr: BigInt(frame.counter) });
      const opened = header === null ? null : await open(sender, header, bytes(frame.metadata), sealed);
      expect(hex(opened ?? new Uint8Array())).toBe(frame.plain.slice(frame.clear * 2));
    }
  });
});
