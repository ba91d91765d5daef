/** When to send under which epoch's keys, and when to forget old ones. Pure but for its own lists; time is an argument. */

const SWITCH_MS = 1_000;
// Who was removed still has the old keys.
const SWITCH_AFTER_REMOVAL_MS = 500;
// Frames under the old keys are still on their way, from people on slow lines.
const OLD_KEYS_MS = 10_000;

export class KeyTurns {
  #newest: number | null = null;
  #sending: number | null = null;
  #switchBy = Number.POSITIVE_INFINITY;
  readonly #wipeAt = new Map<number, number>();

  get wakeAt(): number {
    return Math.min(this.#switchBy, ...this.#wipeAt.values());
  }

  /** The keys of `epoch` are installed. `afresh`: in a new group, whose numbers mean nothing to the old one. */
  entered(epoch: number, afresh: boolean, removedSomebody: boolean, now: number): void {
    if (afresh) {
      this.#wipeAt.clear();
      this.#sending = null;
    } else if (this.#newest !== null && this.#newest !== this.#sending)
      this.#wipeAt.set(this.#newest, now + OLD_KEYS_MS);
    this.#newest = epoch;
    this.#switchBy = now + (removedSomebody ? SWITCH_AFTER_REMOVAL_MS : SWITCH_MS);
  }

  /** True if one is to send under `epoch` from now on: it is the newest, and was not switched to before. */
  switch(epoch: number, now: number): boolean {
    if (epoch !== this.#newest || epoch === this.#sending) return false;
    if (this.#sending !== null) this.#wipeAt.set(this.#sending, now + OLD_KEYS_MS);
    this.#sending = epoch;
    this.#switchBy = Number.POSITIVE_INFINITY;
    return true;
  }

  /** The epoch to switch to because nobody said so in time; null if it is not yet time. */
  overdue(now: number): number | null {
    return now >= this.#switchBy ? this.#newest : null;
  }

  /** The epochs whose keys have had their time. */
  faded(now: number): readonly number[] {
    const faded = [...this.#wipeAt].filter(([, at]) => now >= at).map(([epoch]) => epoch);
    for (const epoch of faded) this.#wipeAt.delete(epoch);
    return faded;
  }
}
