/**
 * The keys of the epochs that live: which one to seal with, and whose key opens a frame. It knows neither frames nor tracks.
 *
 * A counter belongs to an epoch's base key and to all that this member sends under it; a base key is taken once and never again,
 * so that no (key, nonce) pair can repeat.
 */

import { ReplayWindow } from "./replay";
import { deriveSenderKey, type SenderKey } from "./sframe";

/** The counter stops here: far more than a call sends, far less than AES-GCM or a double allows. */
export const LAST_COUNTER = 2 ** 48;

export interface Installation {
  readonly epoch: number;
  /** HKDF key with the usages deriveKey and deriveBits; not extractable. */
  readonly base: CryptoKey;
  /** One's own leaf in the tree of this epoch. */
  readonly leaf: number;
  readonly members: readonly (readonly [leaf: number, identity: string])[];
}

/** One use of the sending key. */
export interface Turn {
  readonly epoch: number;
  readonly kid: bigint;
  readonly ctr: bigint;
  readonly keys: SenderKey;
}

/** Whose key a frame names, and what has arrived under it. */
export interface Sender {
  readonly epoch: number;
  readonly identity: string;
  keys(): Promise<SenderKey>;
  window(stream: string): ReplayWindow;
}

interface Epoch extends Installation {
  readonly senders: Map<number, Sender>;
  ctr: number;
}

/** RFC 9605 §5.2: the leaf and the low 8 bits of the epoch. */
export function kidOf(leaf: number, epoch: number): bigint {
  return (BigInt(leaf) << 8n) | BigInt(epoch % 256);
}

export class Keyring {
  // By the low 8 bits of the epoch, which is all of it that a frame carries.
  readonly #epochs = new Map<number, Epoch>();
  readonly #taken = new Set<string>();
  readonly #lastCounter: number;
  #sending: Epoch | null = null;

  constructor(lastCounter = LAST_COUNTER) {
    this.#lastCounter = lastCounter;
  }

  /** Makes frames of this epoch readable; sending goes on as before. Refuses (false) a base key that it has had already. */
  async install(installation: Installation): Promise<boolean> {
    const print = await fingerprint(installation.base);
    if (this.#taken.has(print)) return false;
    this.#taken.add(print);
    const { epoch, base, leaf } = installation;
    const senders = new Map<number, Sender>();
    for (const [member, identity] of installation.members) {
      senders.set(member, sender(epoch, identity, base, kidOf(member, epoch)));
    }
    this.#forget(epoch % 256);
    this.#epochs.set(epoch % 256, { epoch, base, leaf, members: installation.members, senders, ctr: 0 });
    return true;
  }

  /** Seals with this epoch from now on; with nothing, when the epoch is not here. */
  switchTo(epoch: number): void {
    const found = this.#epochs.get(epoch % 256);
    this.#sending = found?.epoch === epoch ? found : null;
  }

  /** Forgets an epoch: its frames no longer open, and if it was the sending one, nothing is sent. */
  wipe(epoch: number): void {
    if (this.#epochs.get(epoch % 256)?.epoch === epoch) this.#forget(epoch % 256);
  }

  /** The epoch in which this member sends; null as long as it must not send. */
  get sending(): number | null {
    return this.#sending?.epoch ?? null;
  }

  /** The next counter of the sending key; null without key or when the counter is used up. */
  async turn(): Promise<Turn | null> {
    const now = this.#sending;
    const own = now?.senders.get(now.leaf);
    if (now === null || own === undefined || now.ctr >= this.#lastCounter) return null;
    // Taken before anything is awaited: two frames at once must not get the same one.
    const ctr = BigInt(now.ctr++);
    return { epoch: now.epoch, kid: kidOf(now.leaf, now.epoch), ctr, keys: await own.keys() };
  }

  /** Who sends under this KID; null when no living epoch has such a leaf. */
  sender(kid: bigint): Sender | null {
    const leaf = kid >> 8n;
    if (leaf > 0xffff_ffffn) return null;
    return this.#epochs.get(Number(kid & 255n))?.senders.get(Number(leaf)) ?? null;
  }

  #forget(slot: number): void {
    if (this.#epochs.get(slot) === this.#sending) this.#sending = null;
    this.#epochs.delete(slot);
  }
}

/** Derives on the first frame, and once: most members of a large room never speak. */
function sender(epoch: number, identity: string, base: CryptoKey, kid: bigint): Sender {
  let derived: Promise<SenderKey> | undefined;
  const windows = new Map<string, ReplayWindow>();
  return {
    epoch,
    identity,
    keys() {
      derived ??= deriveSenderKey(base, kid);
      return derived;
    },
    window(stream) {
      const found = windows.get(stream) ?? new ReplayWindow();
      windows.set(stream, found);
      return found;
    },
  };
}

/** Tells base keys apart without reading them. */
async function fingerprint(base: CryptoKey): Promise<string> {
  const info = new TextEncoder().encode("hc1 base key fingerprint");
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    base,
    128,
  );
  return new Uint8Array(bits).join(" ");
}
