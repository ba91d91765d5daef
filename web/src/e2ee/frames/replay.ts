/** Which counters of one sender have been seen on one track: each opens once, and only the newest 1024 can still come late. */

export const WINDOW = 1024;

export class ReplayWindow {
  // One slot for each counter modulo WINDOW; it holds the counter that took it.
  readonly #seen = new Float64Array(WINDOW).fill(-1);
  #highest = -1;

  /** Whether a frame with this counter may still be opened. */
  fresh(ctr: number): boolean {
    return ctr > this.#highest || (ctr > this.#highest - WINDOW && this.#seen[ctr % WINDOW] !== ctr);
  }

  /** Takes the counter of a frame that has authenticated; false when another copy was faster. */
  take(ctr: number): boolean {
    if (!this.fresh(ctr)) return false;
    this.#seen[ctr % WINDOW] = ctr;
    this.#highest = Math.max(this.#highest, ctr);
    return true;
  }
}
