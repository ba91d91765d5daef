/** What a member has asked of the delivery service and waits for: one commit or creation, one question, and when to try again. */

import { type Bytes, same } from "./bytes";
import type { ToServer } from "./delivery-frames";
import type { GovernedChange } from "./group-events";

export interface Pending {
  readonly kind: "create" | "commit" | "external";
  /** The epoch it builds on. */
  readonly base: number;
  readonly message: Extract<ToServer, { t: "create" | "commit" }>;
  readonly since: number;
  /** Whether it renews our own leaf, and with it the sealing of our name. */
  readonly renews?: boolean;
  /** The change of the policy that it carries. */
  readonly governed?: GovernedChange | undefined;
}

/** `removal`: of our own earlier leaf, which the server will propose. */
export type Question = "add" | "standing" | "log" | "removal";

const PATIENCE_MS: Readonly<Record<Question, number>> = { add: 1_000, standing: 1_000, log: 3_000, removal: 2_000 };
const ANSWER_PATIENCE_MS = 3_000;
const MOST_TRIES = 8;
const LONG_PAUSE_MS = 1_000;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 400;

export class Underway {
  pending: Pending | null = null;
  /** How often an attempt has lost in a row. */
  tries = 0;
  #question: { readonly what: Question; readonly id: number; readonly by: number } | null = null;
  #retryAt = Number.NEGATIVE_INFINITY;
  #ids = 0;

  get question(): Question | null {
    return this.#question?.what ?? null;
  }

  get wakeAt(): number {
    const answerBy = this.pending === null ? Number.POSITIVE_INFINITY : this.pending.since + ANSWER_PATIENCE_MS;
    return Math.min(answerBy, this.#question?.by ?? Number.POSITIVE_INFINITY);
  }

  /** Before this, no further commit is tried. */
  get retryAt(): number {
    return this.#retryAt;
  }

  get tooManyTries(): boolean {
    return this.tries > MOST_TRIES;
  }

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  /** The number under which the answer will come. */
  ask(what: Question, now: number): number {
    const id = this.nextId();
    this.#question = { what, id, by: now + PATIENCE_MS[what] };
    return id;
  }

  /** True, and the question is answered, if it was asked under this number. */
  answered(what: Question, id: number): boolean {
    if (this.#question?.what !== what || this.#question.id !== id) return false;
    this.#question = null;
    return true;
  }

  forgetQuestion(): void {
    this.#question = null;
  }

  isOurs(commit: Bytes): boolean {
    return this.pending?.message.t === "commit" && same(this.pending.message.commit, commit);
  }

  /** Somebody else was quicker: others in the same position wait for another while. `chance` from 0 to 1. */
  backOff(chance: number, now: number): void {
    this.tries += 1;
    this.#retryAt = now + SHORTEST_PAUSE_MS + chance * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS);
    if (!this.tooManyTries) return;
    this.tries = 0;
    this.#retryAt = now + LONG_PAUSE_MS;
  }

  /** The question that nobody has answered in time, once. */
  unanswered(now: number): Question | null {
    if (this.#question === null || now < this.#question.by) return null;
    const { what } = this.#question;
    this.#question = null;
    return what;
  }

  /** Whether an attempt has gone without an answer for too long; it then has as long again. */
  overdue(now: number): boolean {
    if (this.pending === null || now < this.pending.since + ANSWER_PATIENCE_MS) return false;
    this.pending = { ...this.pending, since: now };
    return true;
  }
}
