/**
 * Keeps a browser's seat and host keys in IndexedDB, where no script can read them out. Forgets them 30 days after their last use.
 *
 * Where the browser keeps nothing (some private windows), a key lives as long as the page does, and a reload knocks anew.
 */

import { drawSigningKey, type SigningKey } from "./signing";

export type KeyKind = "seat" | "host";

interface Kept extends SigningKey {
  readonly id: string;
  /** Unix milliseconds. */
  readonly usedAt: number;
}

const DATABASE = "huisclos.keys";
const STORE = "keys";
const UNUSED_FOR_MS = 30 * 24 * 60 * 60_000;

const inMemory = new Map<string, SigningKey>();

/** The key of this browser for `room`, or null if it has none. */
export async function keptKey(room: string, kind: KeyKind, now: number): Promise<SigningKey | null> {
  const id = idOf(room, kind);
  try {
    const database = await open();
    try {
      const found = await done<Kept | undefined>(store(database).get(id));
      if (found !== undefined) {
        await done(store(database).put({ ...found, usedAt: now }));
        return { privateKey: found.privateKey, publicKey: found.publicKey };
      }
    } finally {
      database.close();
    }
  } catch {
    // No storage: what this page has drawn itself is all there is.
  }
  return inMemory.get(id) ?? null;
}

export async function keepKey(room: string, kind: KeyKind, key: SigningKey, now: number): Promise<void> {
  const id = idOf(room, kind);
  inMemory.set(id, key);
  try {
    const database = await open();
    try {
      await purge(database, now);
      const kept: Kept = { id, privateKey: key.privateKey, publicKey: key.publicKey, usedAt: now };
      await done(store(database).put(kept));
    } finally {
      database.close();
    }
  } catch {
    // In memory then.
  }
}

/** The seat key of this browser for `room`, made at the first visit. */
export async function seatKey(room: string, now: number): Promise<SigningKey> {
  const known = await keptKey(room, "seat", now);
  if (known !== null) return known;
  const drawn = await drawSigningKey();
  await keepKey(room, "seat", drawn, now);
  return drawn;
}

async function purge(database: IDBDatabase, now: number): Promise<void> {
  const all = await done<Kept[]>(store(database).getAll());
  for (const kept of all) if (now - kept.usedAt > UNUSED_FOR_MS) await done(store(database).delete(kept.id));
}

function idOf(room: string, kind: KeyKind): string {
  return `${kind}:${room}`;
}

function store(database: IDBDatabase): IDBObjectStore {
  return database.transaction(STORE, "readwrite").objectStore(STORE);
}

function open(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
  return done(opening);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
