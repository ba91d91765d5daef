/** One visitor's keys to one room, before any call: the seat, the policy of the link, cards and certificates. Lives in the worker. */

import type { PolicyChange } from "../model/ports";
import { Failure } from "../types/room";
import { noAbout, openAbout, sealAbout } from "./about";
import { type Bytes, fromBase64Url, toBase64Url } from "./bytes";
import { fingerprintOf, identityOf } from "./derive";
import type { GovernedChange } from "./group-events";
import {
  INVITATION_ID_BYTES,
  invitationOf,
  invitationSecret,
  type Link,
  leave,
  openGrant,
  partsOfLeave,
  sealGrant,
} from "./invitations";
import { keepLeafKey, keptLeafKey } from "./leaf-keys";
import { MlsError } from "./mls";
import type { MlsSession, OpenedCard } from "./mls-session";
import { keepHostKey, keptHostKey, seatKey } from "./seat-keys";
import {
  certificate,
  type HostKey,
  hostKeyOfSeed,
  leafSignature,
  policyBlob,
  policyTerms,
  ROLE_GUEST,
  ROLE_HOST,
  type SigningKey,
} from "./signing";
import type { InvitationLink, OpenedRoom, OpenTerms, ShownCard } from "./worker-messages";

// As long as a seat key is kept unused: who comes back later knocks anew.
const CERTIFICATE_S = 30 * 24 * 60 * 60;

const SECRET_BYTES = 16;
// What fits into a policy beside its two sealed fields.
const MOST_BANNED = 300;

/** One's own personal invitation: the secret stands for the link's at the door, and opens what a host hands over there. */
interface Invitation {
  readonly id: Bytes;
  readonly secret: Bytes;
}

export class RoomKeys {
  readonly #terms: OpenTerms;
  readonly #seat: SigningKey;
  readonly #host: HostKey | null;
  readonly #invitation: Invitation | null;
  readonly identity: string;
  #mls: MlsSession;
  /** Null for an invited guest before a host has handed it over. */
  #link: Link | null;

  private constructor(
    terms: OpenTerms,
    mls: MlsSession,
    seat: SigningKey,
    host: HostKey | null,
    identity: string,
    known: { readonly link: Link } | { readonly invitation: Invitation },
  ) {
    this.#terms = terms;
    this.#mls = mls;
    this.#seat = seat;
    this.#host = host;
    this.identity = identity;
    this.#link = "link" in known ? known.link : null;
    this.#invitation = "invitation" in known ? known.invitation : null;
  }

  /** Rejects with a Failure when the policy is not the one that the link means. */
  static async open(terms: OpenTerms, mls: MlsSession, now: number): Promise<{ keys: RoomKeys; opened: OpenedRoom }> {
    const { room } = terms;
    const secret = fromBase64Url(terms.secret);
    const id = terms.invitation === null ? null : fromBase64Url(terms.invitation);
    if (secret === null || (terms.invitation !== null && id === null)) throw new Failure("link_incomplete");
    const { seq, gen } = openPolicy(terms, mls, secret, id !== null);
    const seat = await seatKey(room, now);
    const host = await hostKey(terms, now);
    const identity = await identityOf(seat.publicKey);
    const known = id === null ? { link: { secret, generation: gen } } : { invitation: { id, secret } };
    const keys = new RoomKeys(terms, mls, seat, host, identity, known);
    return { keys, opened: { identity, seq, hostKey: host !== null, mayInvite: host !== null && host.root !== null } };
  }

  get isHost(): boolean {
    return this.#host !== null;
  }

  /** S of the link in force, as far as it is known. An invited guest knows none before a host has handed it over. */
  get secret(): Bytes {
    if (this.#link === null) throw new Failure("encryption_failed");
    return this.#link.secret;
  }

  /** The policy in force has brought a new link. */
  linkIsNew(secret: Bytes): void {
    this.#link = { secret, generation: this.#mls.policy().gen };
  }

  /** The policy that follows the one in force, signed. With a new link it also says what the link's age is known by: the title. */
  async nextPolicy(change: PolicyChange): Promise<Omit<GovernedChange, "remove">> {
    if (this.#host === null) throw new Failure("host_key_missing");
    const { room } = this.#terms;
    const before = policyTerms(this.#mls.policy().blob);
    const secret = change.newLink ? crypto.getRandomValues(new Uint8Array(SECRET_BYTES)) : null;
    const said = before.about == null ? null : await openAbout(room, this.secret, before.about);
    const about = change.about ?? (secret === null ? null : (said ?? noAbout));
    const banned = new Set(before.banned);
    if (change.ban !== undefined) banned.add(change.ban);
    const policy = await policyBlob(this.#host, {
      ...before,
      gen: before.gen + (secret === null ? 0 : 1),
      seq: before.seq + 1,
      // The oldest go first: theirs are the certificates that have likeliest run out.
      banned: [...banned].slice(-MOST_BANNED),
      about: about === null ? before.about : await sealAbout(room, secret ?? this.secret, about),
      notes: change.notes === undefined ? before.notes : change.notes,
    });
    return { policy, follows: before.seq, secret };
  }

  makeCard(name: string): string {
    return toBase64Url(this.#mls.makeCard(this.#seat.publicKey, name, this.#invitation?.id ?? null));
  }

  /** Null for a card that nobody with this link, or with an invitation of this room's host, has made. */
  async openCard(card: string): Promise<ShownCard | null> {
    const opened = await this.#opened(card);
    if (opened === null) return null;
    const { identity, name, invitation } = opened;
    return { identity, name, invitation: invitation === null ? null : toBase64Url(invitation.id) };
  }

  /** A host's leave for whoever left this card: a certificate, for an invited guest with the link secret sealed for its seat. */
  async certify(card: string, now: number): Promise<string> {
    const opened = await this.#opened(card);
    if (opened === null) throw new Failure("card_unreadable");
    const { seatPublicKey, invitation } = opened;
    const certified = await this.#certificate(ROLE_GUEST, seatPublicKey, now);
    if (invitation === null) return toBase64Url(certified);
    const link = this.#link;
    // An old secret under a new generation would lead nowhere.
    if (link === null || link.generation !== this.#mls.policy().gen) throw new Failure("encryption_failed");
    const grant = await sealGrant(invitation.secret, this.#terms.room, seatPublicKey, link);
    return toBase64Url(leave(certified, grant));
  }

  /** The link parts of an invitation: of a known one, or of a new one where `id` is null. */
  async invitation(id: string | null): Promise<InvitationLink> {
    const bytes = id === null ? crypto.getRandomValues(new Uint8Array(INVITATION_ID_BYTES)) : fromBase64Url(id);
    const secret = bytes === null ? null : await this.#secretOf(bytes);
    if (bytes === null || secret === null) throw new Failure("host_key_missing");
    return { id: toBase64Url(bytes), secret: toBase64Url(secret) };
  }

  /**
   * Takes what a host gave with the admission; the certificate in it, and the session to go on with. An invited guest's begins anew,
   * on the link secret. Rejects with a Failure where the invitation yields none, or one of before the link was changed.
   */
  async receive(
    given: string | null,
    fresh: () => Promise<MlsSession>,
  ): Promise<{ certificate: string | null; mls: MlsSession }> {
    const bytes = given === null ? null : fromBase64Url(given);
    const { certificate, grant } = bytes === null ? { certificate: null, grant: null } : partsOfLeave(bytes);
    if (this.#invitation !== null) await this.#acceptGrant(this.#invitation, grant, fresh);
    return { certificate: certificate === null ? null : toBase64Url(certificate), mls: this.#mls };
  }

  async #acceptGrant(invitation: Invitation, grant: Bytes | null, fresh: () => Promise<MlsSession>): Promise<void> {
    const { room } = this.#terms;
    const link = grant === null ? null : await openGrant(invitation.secret, room, this.#seat.publicKey, grant);
    if (link === null || link.generation < this.#mls.policy().gen) throw new Failure("invitation_unusable");
    const mls = await fresh();
    // The policy may have changed since it was looked at: which secret is in force shows on the way into the group.
    openPolicy(this.#terms, mls, link.secret, true);
    this.#mls = mls;
    this.#link = link;
  }

  /** Gives the MLS session a leaf that this seat vouches for. A host certifies it; a guest brings a certificate. */
  async takeLeaf(name: string, asHost: boolean, certified: string | null, now: number): Promise<void> {
    const { room } = this.#terms;
    const { leafPublicKey, leafKey } = this.#mls.newLeaf(this.#seat.publicKey, name, await keptLeafKey(room, now));
    await keepLeafKey(room, leafKey, now);
    leafKey.fill(0);
    const shown = asHost
      ? await this.#certificate(ROLE_HOST, this.#seat.publicKey, now)
      : certified === null
        ? null
        : fromBase64Url(certified);
    this.#mls.sealLeaf(await leafSignature(this.#seat, room, leafPublicKey), shown);
  }

  async #opened(card: string): Promise<(OpenedCard & { readonly invitation: Invitation | null }) | null> {
    const bytes = fromBase64Url(card);
    if (bytes === null) return null;
    const id = invitationOf(bytes);
    const secret = id === null ? null : await this.#secretOf(id);
    if (id !== null && secret === null) return null;
    const invitation = id === null || secret === null ? null : { id, secret };
    try {
      return { ...this.#mls.openCard(bytes, invitation), invitation };
    } catch {
      return null;
    }
  }

  async #secretOf(id: Bytes): Promise<Bytes | null> {
    const root = this.#host?.root ?? null;
    return root === null ? null : invitationSecret(root, this.#terms.room, id);
  }

  async #certificate(role: typeof ROLE_GUEST | typeof ROLE_HOST, seatPublicKey: Bytes, now: number): Promise<Bytes> {
    if (this.#host === null) throw new Failure("host_key_missing");
    const notAfter = Math.floor(now / 1000) + CERTIFICATE_S;
    return certificate(this.#host, this.#terms.room, role, seatPublicKey, notAfter);
  }
}

/** `apart`: the secret need not be the one of this policy's link. */
function openPolicy(terms: OpenTerms, mls: MlsSession, secret: Bytes, apart: boolean): { seq: number; gen: number } {
  const fingerprint = fromBase64Url(terms.fingerprint);
  const policy = fromBase64Url(terms.policy);
  if (fingerprint === null) throw new Failure("link_incomplete");
  if (policy === null) throw new Failure("link_mismatch");
  try {
    return mls.open(terms.room, secret, fingerprint, policy, 0, apart);
  } catch (error) {
    if (!(error instanceof MlsError)) throw error;
    throw new Failure(error.code === "wrong_secret" ? "link_outdated" : "link_mismatch");
  }
}

/** The room's host key, from the link or from this browser's keeping; null where neither has it. */
async function hostKey({ room, hostSeed, fingerprint }: OpenTerms, now: number): Promise<HostKey | null> {
  const seed = hostSeed === null ? null : fromBase64Url(hostSeed);
  const known = seed === null ? await keptHostKey(room, now) : await hostKeyOfSeed(seed);
  if (known === null || (await fingerprintOf(known.publicKey)) !== fingerprint) return null;
  if (seed !== null) await keepHostKey(room, known, now);
  return known;
}
