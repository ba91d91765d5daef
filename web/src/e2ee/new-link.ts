/**
 * How a new link's secret reaches every member: a host says it in the epoch that brings its generation, and says it again to who asks.
 * Until a member knows it, commits wait. Pure but for its own lists; time is an argument.
 */

import { decode, encode } from "cborg";
import type { Bytes } from "./bytes";

const SECRET_BYTES = 16;
/** After how long, in all, a member asks again; the last is the end of its patience. */
const ASK_AT_MS = [1_000, 2_000, 4_000, 8_000] as const;
const PATIENCE_MS = 12_000;
const ANSWER_EVERY_MS = 1_000;
// More commits than this in twelve seconds are no meeting.
const MOST_HELD = 64;

/** `secret`: it is said; null: it is asked for. */
export interface LinkWord {
  readonly gen: number;
  readonly secret: Bytes | null;
}

export function linkWord({ gen, secret }: LinkWord): Bytes {
  return encode(secret === null ? { g: gen } : { g: gen, s: secret }) as Bytes;
}

/** Null for anything else that members say to each other. */
export function readLinkWord(payload: Bytes): LinkWord | null {
  try {
    const fields = decode(payload) as { readonly g?: unknown; readonly s?: unknown } | null;
    if (typeof fields?.g !== "number") return null;
    if (fields.s === undefined) return { gen: fields.g, secret: null };
    if (!(fields.s instanceof Uint8Array) || fields.s.length !== SECRET_BYTES) return null;
    return { gen: fields.g, secret: new Uint8Array(fields.s) };
  } catch {
    return null;
  }
}

export class NewLink {
  #since: number | null = null;
  #asked = 0;
  #held: (readonly [epoch: number, commit: Bytes])[] = [];
  #answeredAt = Number.NEGATIVE_INFINITY;

  get awaited(): boolean {
    return this.#since !== null;
  }

  get wakeAt(): number {
    if (this.#since === null) return Number.POSITIVE_INFINITY;
    return this.#since + (ASK_AT_MS[this.#asked] ?? PATIENCE_MS);
  }

  /** The policy in force is of a generation whose secret is not known. */
  await(now: number): void {
    this.#since ??= now;
  }

  /** What to do at this time: ask, or give up. */
  due(now: number): "ask" | "give up" | null {
    if (now < this.wakeAt) return null;
    if (this.#asked >= ASK_AT_MS.length) return "give up";
    this.#asked += 1;
    return "ask";
  }

  /** Keeps a commit that cannot be judged yet. False when there are too many. */
  hold(epoch: number, commit: Bytes): boolean {
    this.#held.push([epoch, commit]);
    return this.#held.length <= MOST_HELD;
  }

  /** The secret is known, or does not matter any more; what has waited for it. */
  end(): readonly (readonly [epoch: number, commit: Bytes])[] {
    const held = this.#held;
    this.#held = [];
    this.#since = null;
    this.#asked = 0;
    return held;
  }

  /** Whether a question is to be answered: all members hear each answer, so that one a second is enough for any number. */
  mayAnswer(now: number): boolean {
    if (now - this.#answeredAt < ANSWER_EVERY_MS) return false;
    this.#answeredAt = now;
    return true;
  }
}
