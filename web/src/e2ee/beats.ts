/**
 * Finds out whether everybody in the group holds the same keys: each says so now and then, by two ways, and who says otherwise
 * or cannot be understood betrays a group that was split. Pure but for its own lists; time is an argument, in milliseconds.
 */

import { decode, encode } from "cborg";
import { type Bytes, same } from "./bytes";
import type { Leaf } from "./mls";

export const SMALL_GROUP = 50;
const SMALL_PERIOD_MS = 5_000;
const LARGE_PERIOD_MS = 15_000;
// After a change everybody speaks soon: that is when a split happens.
const FIRST_BEAT_MS = 1_500;
// Others may be quicker than the commit's way to us, and the log takes a moment to ask.
const AHEAD_PATIENCE_MS = 4_000;
const SILENCE_PERIODS = 2.5;

/** `split`: others hold other keys under our epoch's number, or keys that we are kept from. */
export type BeatVerdict = "fine" | "split";

export class Beats {
  #epoch = -1;
  #tag: Bytes = new Uint8Array();
  #others: readonly string[] = [];
  #period = SMALL_PERIOD_MS;
  #beatAt = Number.POSITIVE_INFINITY;
  #aheadSince: number | null = null;
  readonly #heardAt = new Map<string, number>();

  constructor(private readonly identity: string) {}

  /** A new epoch is in force. `tag` is the same for all who hold its keys and tells nothing of them. */
  epoch(epoch: number, tag: Bytes, roster: readonly Leaf[], now: number): void {
    this.#epoch = epoch;
    this.#tag = tag;
    this.#others = roster.map((leaf) => leaf.identity).filter((identity) => identity !== this.identity);
    this.#period = roster.length <= SMALL_GROUP ? SMALL_PERIOD_MS : LARGE_PERIOD_MS;
    this.#aheadSince = null;
    const own = roster.findIndex((leaf) => leaf.identity === this.identity);
    // In a large group not all at once.
    const share = roster.length <= SMALL_GROUP ? 0 : (this.#period * Math.max(0, own)) / roster.length;
    this.#beatAt = now + FIRST_BEAT_MS + share;
    const here = new Set(this.#others);
    for (const identity of this.#heardAt.keys()) if (!here.has(identity)) this.#heardAt.delete(identity);
    for (const identity of here) if (!this.#heardAt.has(identity)) this.#heardAt.set(identity, now);
  }

  /** What to say now; null if it is not yet time. */
  due(now: number): Bytes | null {
    if (now < this.#beatAt) return null;
    this.#beatAt = now + this.#period;
    return encode({ b: this.#epoch, a: this.#tag }) as Bytes;
  }

  get wakeAt(): number {
    return Math.min(
      this.#beatAt,
      this.#aheadSince === null ? Number.POSITIVE_INFINITY : this.#aheadSince + AHEAD_PATIENCE_MS,
    );
  }

  /** `payload` came from `from` through the encryption, so it is theirs. */
  heard(from: string, payload: Bytes, now: number): BeatVerdict {
    const beat = readBeat(payload);
    if (beat === null || !this.#others.includes(from)) return "fine";
    if (beat.epoch > this.#epoch) this.ahead(now);
    if (beat.epoch !== this.#epoch) return "fine";
    if (!same(beat.tag, this.#tag)) return "split";
    this.#heardAt.set(from, now);
    return "fine";
  }

  /** Something shows that others have an epoch we have not. */
  ahead(now: number): void {
    this.#aheadSince ??= now;
  }

  /** Who of the others is overdue with their word. */
  silent(now: number): readonly string[] {
    return this.#others.filter(
      (identity) => now - (this.#heardAt.get(identity) ?? now) > this.#period * SILENCE_PERIODS,
    );
  }

  /** Whether others went on without us and we were not let after them in time. */
  leftBehind(now: number): boolean {
    return this.#aheadSince !== null && now - this.#aheadSince >= AHEAD_PATIENCE_MS;
  }
}

function readBeat(payload: Bytes): { readonly epoch: number; readonly tag: Uint8Array } | null {
  try {
    const fields = decode(payload) as { readonly b?: unknown; readonly a?: unknown } | null;
    if (typeof fields?.b !== "number" || !(fields.a instanceof Uint8Array)) return null;
    return { epoch: fields.b, tag: fields.a };
  } catch {
    return null;
  }
}
