/** One visitor's keys to one room, before any call: the seat, the policy of the link, cards and certificates. Lives in the worker. */

import type { PolicyChange } from "../model/ports";
import { Failure } from "../types/room";
import { noAbout, openAbout, sealAbout } from "./about";
import { type Bytes, fromBase64Url, toBase64Url } from "./bytes";
import { fingerprintOf, identityOf } from "./derive";
import type { GovernedChange } from "./group-events";
import { keepLeafKey, keptLeafKey } from "./leaf-keys";
import { MlsError } from "./mls";
import type { MlsSession } from "./mls-session";
import { keepKey, keptKey, seatKey } from "./seat-keys";
import {
  certificate,
  leafSignature,
  policyBlob,
  policyTerms,
  ROLE_GUEST,
  ROLE_HOST,
  type SigningKey,
  signingKeyOfSeed,
} from "./signing";
import type { OpenedRoom, OpenTerms } from "./worker-messages";

// As long as a seat key is kept unused: who comes back later knocks anew.
const CERTIFICATE_S = 30 * 24 * 60 * 60;

const SECRET_BYTES = 16;
// What fits into a policy beside its two sealed fields.
const MOST_BANNED = 300;

export class RoomKeys {
  readonly #room: string;
  readonly #mls: MlsSession;
  readonly #seat: SigningKey;
  readonly #host: SigningKey | null;
  readonly identity: string;
  #secret: Bytes;

  private constructor(
    room: string,
    mls: MlsSession,
    seat: SigningKey,
    host: SigningKey | null,
    identity: string,
    secret: Bytes,
  ) {
    this.#room = room;
    this.#mls = mls;
    this.#seat = seat;
    this.#host = host;
    this.identity = identity;
    this.#secret = secret;
  }

  /** Rejects with a Failure when the policy is not the one that the link means. */
  static async open(terms: OpenTerms, mls: MlsSession, now: number): Promise<{ keys: RoomKeys; opened: OpenedRoom }> {
    const { room } = terms;
    const secret = fromBase64Url(terms.secret);
    const fingerprint = fromBase64Url(terms.fingerprint);
    const policy = fromBase64Url(terms.policy);
    if (secret === null || fingerprint === null) throw new Failure("link_incomplete");
    if (policy === null) throw new Failure("link_mismatch");
    let seq: number;
    try {
      ({ seq } = mls.open(room, secret, fingerprint, policy));
    } catch (error) {
      if (!(error instanceof MlsError)) throw error;
      throw new Failure(error.code === "wrong_secret" ? "link_outdated" : "link_mismatch");
    }
    const seat = await seatKey(room, now);
    const host = await hostKey(terms, now);
    const identity = await identityOf(seat.publicKey);
    const keys = new RoomKeys(room, mls, seat, host, identity, secret);
    return { keys, opened: { identity, seq, hostKey: host !== null } };
  }

  get isHost(): boolean {
    return this.#host !== null;
  }

  /** S of the link in force, as far as it is known. */
  get secret(): Bytes {
    return this.#secret;
  }

  linkIsNew(secret: Bytes): void {
    this.#secret = secret;
  }

  /** The policy that follows the one in force, signed. With a new link it also says what the link's age is known by: the title. */
  async nextPolicy(change: PolicyChange): Promise<Omit<GovernedChange, "remove">> {
    if (this.#host === null) throw new Failure("host_key_missing");
    const before = policyTerms(this.#mls.policy().blob);
    const secret = change.newLink ? crypto.getRandomValues(new Uint8Array(SECRET_BYTES)) : null;
    const said = before.about == null ? null : await openAbout(this.#room, this.#secret, before.about);
    const about = change.about ?? (secret === null ? null : (said ?? noAbout));
    const banned = new Set(before.banned);
    if (change.ban !== undefined) banned.add(change.ban);
    const policy = await policyBlob(this.#host, {
      ...before,
      gen: before.gen + (secret === null ? 0 : 1),
      seq: before.seq + 1,
      // The oldest go first; their certificates have run out long before.
      banned: [...banned].slice(-MOST_BANNED),
      about: about === null ? before.about : await sealAbout(this.#room, secret ?? this.#secret, about),
      notes: change.notes === undefined ? before.notes : change.notes,
    });
    return { policy, follows: before.seq, secret };
  }

  makeCard(name: string): string {
    return toBase64Url(this.#mls.makeCard(this.#seat.publicKey, name));
  }

  /** Null for a card that nobody with this link has made. */
  openCard(card: string): { identity: string; name: string } | null {
    const bytes = fromBase64Url(card);
    if (bytes === null) return null;
    try {
      const { identity, name } = this.#mls.openCard(bytes);
      return { identity, name };
    } catch {
      return null;
    }
  }

  /** A certificate for whoever left this card. */
  async certify(card: string, now: number): Promise<string> {
    const bytes = fromBase64Url(card);
    if (bytes === null) throw new Failure("request_invalid");
    const { seatPublicKey } = this.#mls.openCard(bytes);
    return toBase64Url(await this.#certificate(ROLE_GUEST, seatPublicKey, now));
  }

  /** Gives the MLS session a leaf that this seat vouches for. A host certifies it; a guest brings a certificate. */
  async takeLeaf(name: string, asHost: boolean, certified: string | null, now: number): Promise<void> {
    const { leafPublicKey, leafKey } = this.#mls.newLeaf(
      this.#seat.publicKey,
      name,
      await keptLeafKey(this.#room, now),
    );
    await keepLeafKey(this.#room, leafKey, now);
    leafKey.fill(0);
    const leave = asHost
      ? await this.#certificate(ROLE_HOST, this.#seat.publicKey, now)
      : certified === null
        ? null
        : fromBase64Url(certified);
    this.#mls.sealLeaf(await leafSignature(this.#seat, this.#room, leafPublicKey), leave);
  }

  async #certificate(role: typeof ROLE_GUEST | typeof ROLE_HOST, seatPublicKey: Bytes, now: number): Promise<Bytes> {
    if (this.#host === null) throw new Failure("host_key_missing");
    return certificate(this.#host, this.#room, role, seatPublicKey, Math.floor(now / 1000) + CERTIFICATE_S);
  }
}

/** The room's host key, from the link or from this browser's keeping; null where neither has it. */
async function hostKey({ room, hostSeed, fingerprint }: OpenTerms, now: number): Promise<SigningKey | null> {
  const seed = hostSeed === null ? null : fromBase64Url(hostSeed);
  const known = seed === null ? await keptKey(room, "host", now) : await signingKeyOfSeed(seed);
  if (known === null || (await fingerprintOf(known.publicKey)) !== fingerprint) return null;
  if (seed !== null) await keepKey(room, "host", known, now);
  return known;
}
