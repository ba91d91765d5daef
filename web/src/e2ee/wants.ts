/** What the next commit should do, and when it is one's turn to make it. Pure but for its own lists; time is an argument. */

import type { Bytes } from "./bytes";
import type { GovernedChange } from "./group-events";
import type { CommitWish, Leaf } from "./mls";

const ADD_BATCH_MS = 250;
// Under a stream of newcomers fewer commits keep everybody's work small; who waits gives up after a second.
const BUSY_ADD_BATCH_MS = 750;
const BUSY_COMMITS = 3;
const BUSY_WITHIN_MS = 1_500;
const RANK_STEP_MS = 500;
const REKEY_MS = 10 * 60_000;

/** Whoever is first here commits what everybody could: hosts before guests, then the lower leaf. -1 for who is not online. */
export function rankOf(identity: string, roster: readonly Leaf[], online: ReadonlySet<string>): number {
  return roster
    .filter((leaf) => online.has(leaf.identity))
    .sort((a, b) => Number(b.role === "host") - Number(a.role === "host") || a.leaf - b.leaf)
    .findIndex((leaf) => leaf.identity === identity);
}

export class Wants {
  readonly #adds = new Map<string, { readonly keyPackage: Bytes; readonly since: number }>();
  readonly #removes = new Map<string, number>();
  /** Who is to be removed by proposals of this epoch, and since when. */
  readonly #proposed = new Map<string, number>();
  #governed: { readonly change: GovernedChange; readonly since: number } | null = null;
  /** Since when our name is to be sealed anew. */
  #resealSince = Number.POSITIVE_INFINITY;
  #epochAt = Number.NEGATIVE_INFINITY;
  /** How many commits have followed each other closely. */
  #stream = 0;

  add(identity: string, keyPackage: Bytes, now: number): void {
    this.#adds.set(identity, { keyPackage, since: this.#adds.get(identity)?.since ?? now });
  }

  /** One change of the policy at a time. */
  govern(change: GovernedChange, now: number): void {
    this.#governed = { change, since: now };
  }

  get governed(): GovernedChange | null {
    return this.#governed?.change ?? null;
  }

  /** The change of the policy is in force, or will never be. */
  forgetGoverned(): void {
    this.#governed = null;
  }

  /** A newcomer cannot read our name, which is sealed with a link that is out of force. */
  reseal(now: number): void {
    this.#resealSince = Math.min(this.#resealSince, now);
  }

  resealed(): void {
    this.#resealSince = Number.POSITIVE_INFINITY;
  }

  proposed(identity: string, now: number): void {
    if (!this.#proposed.has(identity)) this.#proposed.set(identity, now);
  }

  /** A new epoch: proposals of the old one are void, and whoever came or went is wanted no more. */
  epoch(roster: readonly Leaf[], host: boolean, now: number): void {
    const here = new Set(roster.map((leaf) => leaf.identity));
    this.#stream = now - this.#epochAt < BUSY_WITHIN_MS ? this.#stream + 1 : 0;
    this.#epochAt = now;
    for (const identity of here) this.#adds.delete(identity);
    for (const [identity, since] of this.#proposed) if (host && here.has(identity)) this.#removes.set(identity, since);
    for (const identity of [...this.#removes.keys()]) if (!here.has(identity)) this.#removes.delete(identity);
    this.#proposed.clear();
  }

  /** When the next commit is ours to make, given our rank (-1: not online); null if there is nothing to do. */
  dueAt(rank: number): number {
    const patience = Math.max(0, rank) * RANK_STEP_MS;
    const batch = this.#stream >= BUSY_COMMITS ? BUSY_ADD_BATCH_MS : ADD_BATCH_MS;
    const adds = [...this.#adds.values()].map(({ since }) => since + batch);
    return Math.min(
      ...adds,
      ...this.#removes.values(),
      ...[...this.#proposed.values()].map((since) => since + patience),
      this.#governed?.since ?? Number.POSITIVE_INFINITY,
      this.#resealSince + patience,
      this.#epochAt + REKEY_MS + patience,
    );
  }

  /** `members`: who can be removed. Newcomers wait while the policy changes: it may not be theirs to come in under. */
  wish(members: readonly string[], now: number): CommitWish {
    const governed = this.governed;
    const removes = this.#leaving(members).filter((identity) => !this.#proposed.has(identity));
    return {
      adds: governed === null ? [...this.#adds.values()].map(({ keyPackage }) => keyPackage) : [],
      removes,
      update: removes.length + this.#proposed.size > 0 || now >= this.#resealSince || now - this.#epochAt >= REKEY_MS,
      ...(governed === null ? {} : { policy: governed.policy }),
      ...(governed === null || governed.secret === null ? {} : { secret: governed.secret }),
    };
  }

  /** Whom the next commit takes out: at one's own wish, or by a proposal that waits. */
  leaving(members: readonly string[]): readonly string[] {
    return [...new Set([...this.#leaving(members), ...this.#proposed.keys()])];
  }

  #leaving(members: readonly string[]): readonly string[] {
    const put = this.governed?.remove ?? null;
    return [...new Set([...this.#removes.keys(), ...(put !== null && members.includes(put) ? [put] : [])])];
  }

  /** Forgets the oldest newcomer, whose key package may be what spoils the commit. False if there is none. */
  dropOldestAdd(): boolean {
    const [oldest] = this.#adds.keys();
    return oldest !== undefined && this.#adds.delete(oldest);
  }

  /** Forgets all but the rekeying, which waits its time again: MLS would not make this commit. */
  giveUp(now: number): void {
    this.#adds.clear();
    this.#removes.clear();
    this.#proposed.clear();
    this.resealed();
    this.#epochAt = now;
  }
}
