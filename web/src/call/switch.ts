/** A switch that takes time: however fast one presses, the last wish wins, and two changes never run at once. */

export class Switch {
  #wish: boolean | null = null;
  #turning: Promise<void> | null = null;

  constructor(private readonly turnTo: (on: boolean) => Promise<void>) {}

  /** Resolves when the device stands as last wished. */
  turn(on: boolean): Promise<void> {
    this.#wish = on;
    this.#turning ??= this.#run().finally(() => {
      this.#turning = null;
    });
    return this.#turning;
  }

  async #run(): Promise<void> {
    while (this.#wish !== null) {
      const on = this.#wish;
      this.#wish = null;
      await this.turnTo(on);
    }
  }
}
