/** What two browsers sign here is judged by the real MLS of `mls`: policies, cards, certificates and leaves, true and altered. */

import { beforeAll, describe, expect, test, vi } from "vitest";
import { sealAbout } from "./about";
import { type Bytes, fromBase64Url, toBase64Url } from "./bytes";
import { base32, drawRoomId, fingerprintOf, identityOf } from "./derive";
import wasm from "./huisclos_mls.wasm?url&inline";
import { partsOfLeave } from "./invitations";
import { drawSigningKey, policyBlob, policyTerms, type SigningKey, signed, signingKeyOfSeed } from "./signing";

const NOW = Date.now();
const secret = toBase64Url(new Uint8Array(16).fill(9));

let compiled: WebAssembly.Module;
beforeAll(async () => {
  compiled = await WebAssembly.compileStreaming(fetch(wasm));
});

async function room() {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const host = await signingKeyOfSeed(seed);
  const id = drawRoomId();
  const policy = await policyBlob(host, {
    room: id,
    admission: "lobby",
    max: 300,
    gen: 1,
    seq: 4,
    notBefore: 0,
    notAfter: 0,
    banned: [],
  });
  const fingerprint = await fingerprintOf(host.publicKey);
  return { room: id, secret, fingerprint, hostSeed: toBase64Url(seed), invitation: null, policy: toBase64Url(policy) };
}

/** A browser of its own: modules with a memory of their own, as another person's would be. */
async function browser(
  terms: Omit<Awaited<ReturnType<typeof room>>, "invitation"> & { invitation: string | null },
  hostSeed: string | null,
) {
  vi.resetModules();
  const { RoomKeys } = await import("./room-keys");
  const { openMlsSession } = await import("./mls-session");
  const mls = await openMlsSession(compiled);
  const { keys, opened } = await RoomKeys.open({ ...terms, hostSeed }, mls, NOW);
  return { keys, opened, mls };
}

async function openMls() {
  return (await import("./mls-session")).openMlsSession(compiled);
}

const failure = (code: string) => expect.objectContaining({ code });

describe("a room's policy", () => {
  test("signed by the link's host key opens the room, and only the host holds the key", async () => {
    const terms = await room();
    const host = await browser(terms, terms.hostSeed);
    const guest = await browser(terms, null);

    expect(host.opened).toMatchObject({ seq: 4, hostKey: true });
    expect(guest.opened).toMatchObject({ seq: 4, hostKey: false });
    expect(host.opened.identity).not.toBe(guest.opened.identity);
  });

  test("of another host key, altered, or of another room is not the one of the link", async () => {
    const terms = await room();
    const other = await room();
    const altered = fromBase64Url(terms.policy) as Bytes;
    altered[20] = (altered[20] ?? 0) ^ 1;

    for (const wrong of [
      { ...terms, fingerprint: other.fingerprint },
      { ...terms, policy: other.policy },
      { ...terms, policy: toBase64Url(altered) },
      { ...terms, room: other.room },
      { ...terms, policy: "not base64url!" },
    ])
      await expect(browser(wrong, null)).rejects.toEqual(failure("link_mismatch"));
  });

  test("is not the host's business of a seed that belongs to another room", async () => {
    const terms = await room();
    const other = await room();

    expect((await browser(terms, other.hostSeed)).opened.hostKey).toBe(false);
  });
});

describe("a card", () => {
  test("is read by who has the link, and its bearer is certified and let into the group", async () => {
    const terms = await room();
    const anna = await browser(terms, terms.hostSeed);
    const ben = await browser(terms, null);
    await anna.keys.takeLeaf("Anna", true, null, NOW);
    const founded = anna.mls.create((await drawSigningKey()).publicKey);

    const card = ben.keys.makeCard("Ben");
    expect(await anna.keys.openCard(card)).toEqual({
      identity: ben.opened.identity,
      name: "Ben",
      invitation: null,
    });
    const certificate = await anna.keys.certify(card, NOW);
    expect((fromBase64Url(certificate) as Bytes).length).toBeLessThan(512);
    await ben.keys.takeLeaf("Ben", false, certificate, NOW);
    const added = anna.mls.commit({ adds: [ben.mls.keyPackage()], removes: [], update: false });
    anna.mls.accepted();
    ben.mls.joinWelcome(added.welcome as Bytes);

    expect(founded.epoch).toBe(0);
    expect(ben.mls.roster().map(({ name, role }) => [name, role])).toEqual([
      ["Anna", "host"],
      ["Ben", "guest"],
    ]);
    expect(ben.mls.keys().authenticator).toEqual(anna.mls.keys().authenticator);
  });

  test("of somebody without the link, or altered on the way, is not read", async () => {
    const terms = await room();
    const anna = await browser(terms, terms.hostSeed);
    const eve = await browser({ ...terms, secret: toBase64Url(new Uint8Array(16)) }, null);
    const ben = await browser(terms, null);
    const card = ben.keys.makeCard("Ben");
    const altered = fromBase64Url(card) as Bytes;
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;

    for (const wrong of [eve.keys.makeCard("Ben"), toBase64Url(altered), "", "?"]) {
      expect(await anna.keys.openCard(wrong)).toBeNull();
    }
    expect(await anna.keys.openCard(card)).not.toBeNull();
  });

  test("gets no certificate from a guest", async () => {
    const terms = await room();
    const ben = await browser(terms, null);

    await expect(ben.keys.certify(ben.keys.makeCard("Ben"), NOW)).rejects.toEqual(failure("host_key_missing"));
  });
});

describe("a personal invitation", () => {
  const seatOf = (keys: string) => fromBase64Url(keys) as Bytes;

  async function invited() {
    const terms = await room();
    const anna = await browser(terms, terms.hostSeed);
    const { id, secret } = await anna.keys.invitation(null);
    const link = { ...terms, secret, invitation: id };
    return { terms, anna, id, link, mamie: await browser(link, null) };
  }

  test("brings its bearer into the group, who never had the link", async () => {
    const { anna, id, link, mamie } = await invited();
    await anna.keys.takeLeaf("Anna", true, null, NOW);
    anna.mls.create((await drawSigningKey()).publicKey);
    expect(link.secret).not.toBe(secret);

    const card = mamie.keys.makeCard("Mamie");
    expect(await anna.keys.openCard(card)).toEqual({ identity: mamie.opened.identity, name: "Mamie", invitation: id });
    const leave = await anna.keys.certify(card, NOW);
    expect(seatOf(leave).length).toBeLessThanOrEqual(512);
    const { certificate, mls } = await mamie.keys.receive(leave, () => openMls());
    await mamie.keys.takeLeaf("Mamie", false, certificate, NOW);
    const added = anna.mls.commit({ adds: [mls.keyPackage()], removes: [], update: false });
    anna.mls.accepted();
    mls.joinWelcome(added.welcome as Bytes);

    expect(mls.roster().map(({ name, role }) => [name, role])).toEqual([
      ["Anna", "host"],
      ["Mamie", "guest"],
    ]);
    expect(mls.keys().authenticator).toEqual(anna.mls.keys().authenticator);
    expect(toBase64Url(mamie.keys.secret)).toBe(secret);
  });

  test("is derived again by any host, differs from each other's, and is nobody else's to give", async () => {
    const { terms, anna, id, link } = await invited();
    const other = await browser(terms, terms.hostSeed);
    const guest = await browser(terms, null);

    expect(await other.keys.invitation(id)).toEqual({ id, secret: link.secret });
    expect((await anna.keys.invitation(null)).secret).not.toBe(link.secret);
    expect(anna.opened.mayInvite).toBe(true);
    expect(guest.opened.mayInvite).toBe(false);
    await expect(guest.keys.invitation(null)).rejects.toEqual(failure("host_key_missing"));
  });

  test("that was made up, or shown with another's secret, opens no door", async () => {
    const { terms, anna, link, mamie } = await invited();
    const second = await anna.keys.invitation(null);
    const forged = await browser({ ...link, invitation: "A".repeat(11) }, null);
    const borrowed = await browser({ ...link, invitation: second.id }, null);
    // Who has the shared link knows no invitation's secret.
    const guest = await browser({ ...terms, invitation: second.id }, null);

    for (const { keys } of [forged, borrowed, guest]) {
      const card = keys.makeCard("Mamie");
      expect(await anna.keys.openCard(card)).toBeNull();
      await expect(anna.keys.certify(card, NOW)).rejects.toEqual(failure("card_unreadable"));
    }
    // The control.
    expect(await anna.keys.openCard(mamie.keys.makeCard("Mamie"))).not.toBeNull();
  });

  test("hands the link to the seat that knocked, not to another with the same invitation, nor altered", async () => {
    const { anna, link, mamie } = await invited();
    const thief = await browser(link, null);
    const leave = await anna.keys.certify(mamie.keys.makeCard("Mamie"), NOW);
    const altered = seatOf(leave);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    const certificateAlone = toBase64Url(partsOfLeave(seatOf(leave)).certificate);

    const unusable = failure("invitation_unusable");
    await expect(thief.keys.receive(leave, openMls)).rejects.toEqual(unusable);
    await expect(mamie.keys.receive(toBase64Url(altered), openMls)).rejects.toEqual(unusable);
    await expect(mamie.keys.receive(certificateAlone, openMls)).rejects.toEqual(unusable);
    await expect(mamie.keys.receive(null, openMls)).rejects.toEqual(unusable);
    // The control.
    await mamie.keys.receive(leave, openMls);
    expect(toBase64Url(mamie.keys.secret)).toBe(secret);
  });

  test("still works after the shared link was changed, with the new one; what was handed over before does not", async () => {
    const { terms, anna, id, mamie } = await invited();
    const before = await anna.keys.certify(mamie.keys.makeCard("Mamie"), NOW);
    const host = await signingKeyOfSeed(seatOf(terms.hostSeed));
    const newSecret = new Uint8Array(16).fill(7);
    const about = await sealAbout(terms.room, newSecret, { title: "", agenda: "" });
    const policy = await policyBlob(host, { ...policyTerms(seatOf(terms.policy)), gen: 2, seq: 5, about });
    const changed = { ...terms, policy: toBase64Url(policy), secret: toBase64Url(newSecret) };
    const late = await browser({ ...changed, ...(await anna.keys.invitation(id)), invitation: id }, null);
    const again = await browser(changed, terms.hostSeed);

    // The old shared link is told so, the invitation is not concerned.
    await expect(browser({ ...changed, secret }, null)).rejects.toEqual(failure("link_outdated"));
    await late.keys.receive(await again.keys.certify(late.keys.makeCard("Mamie"), NOW), openMls);
    expect(late.keys.secret).toEqual(newSecret);
    await expect(late.keys.receive(before, openMls)).rejects.toEqual(failure("invitation_unusable"));
  });
});

describe("a leaf", () => {
  test("takes the place of one's own earlier leaf after a reload", async () => {
    const terms = await room();
    const anna = await browser(terms, terms.hostSeed);
    await anna.keys.takeLeaf("Anna", true, null, NOW);
    const { info } = anna.mls.create((await drawSigningKey()).publicKey);
    const { RoomKeys } = await import("./room-keys");
    const { openMlsSession } = await import("./mls-session");
    const mls = await openMlsSession(compiled);
    const { keys } = await RoomKeys.open({ ...terms, hostSeed: null }, mls, NOW);
    await keys.takeLeaf("Anna", true, null, NOW);
    mls.joinExternal(info);
    mls.accepted();

    expect(mls.roster().map(({ identity }) => identity)).toEqual([anna.opened.identity]);
  });
});

describe("names made of keys", () => {
  test("are of the length and alphabet that the server expects", async () => {
    const { publicKey } = await drawSigningKey();

    expect(await identityOf(publicKey)).toMatch(/^p_[A-Za-z0-9_-]{20}$/);
    expect(await fingerprintOf(publicKey)).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(drawRoomId()).toMatch(/^[a-z2-7]{26}$/);
    // RFC 4648 §10, in lower case and without padding.
    expect(["f", "fo", "foo", "foob", "fooba", "foobar"].map((text) => base32(new TextEncoder().encode(text)))).toEqual(
      ["my", "mzxq", "mzxw6", "mzxw6yq", "mzxw6ytb", "mzxw6ytboi"],
    );
  });

  test("a seed gives the key pair of RFC 8032", async () => {
    const bytes = (hex: string) => new Uint8Array((hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
    const key: SigningKey = await signingKeyOfSeed(
      bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    );

    expect(key.publicKey).toEqual(bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    expect(key.privateKey.extractable).toBe(false);
    expect((await signed(key, new Uint8Array())).slice(0, 8)).toEqual(bytes("e5564300c360ac72"));
  });
});
