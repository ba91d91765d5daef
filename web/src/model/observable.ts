/** A value that can be read, watched and replaced; the one way state leaves the model. Knows nothing of who watches. */

export interface Observable<T> {
  readonly get: () => T;
  /** Calls `watcher` after each change, until the returned function is called. */
  readonly watch: (watcher: () => void) => () => void;
}

export class Cell<T> implements Observable<T> {
  #value: T;
  readonly #watchers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher();
  }
}
