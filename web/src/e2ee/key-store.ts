/**
 * The IndexedDB of this browser's keys, where no script can read a non-extractable key out. Forgets what was not used for 30 days.
 *
 * Where the browser keeps nothing (some private windows), things live as long as the page or worker does.
 */

export interface Kept {
  readonly id: string;
  /** Unix milliseconds. */
  readonly usedAt: number;
}

const DATABASE = "huisclos.keys";
const STORE = "keys";
const UNUSED_FOR_MS = 30 * 24 * 60 * 60_000;

const inMemory = new Map<string, Kept>();

/** What is kept under `id`, noted as used now; null if nothing is. */
export async function kept<T extends Kept>(id: string, now: number): Promise<T | null> {
  try {
    return await inStore(async (database) => {
      const found = await done<T | undefined>(store(database).get(id));
      if (found !== undefined) await done(store(database).put({ ...found, usedAt: now }));
      return found ?? null;
    });
  } catch {
    return (inMemory.get(id) as T | undefined) ?? null;
  }
}

export async function keep(entry: Kept): Promise<void> {
  try {
    await inStore(async (database) => {
      const all = await done<Kept[]>(store(database).getAll());
      const old = all.filter(({ usedAt }) => entry.usedAt - usedAt > UNUSED_FOR_MS);
      for (const { id } of old) await done(store(database).delete(id));
      await done(store(database).put(entry));
    });
  } catch {
    inMemory.set(entry.id, entry);
  }
}

async function inStore<T>(use: (database: IDBDatabase) => Promise<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
  const database = await done(opening);
  try {
    return await use(database);
  } finally {
    database.close();
  }
}

function store(database: IDBDatabase): IDBObjectStore {
  return database.transaction(STORE, "readwrite").objectStore(STORE);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
