/** What the group's state machine asks of MLS. All of it is synchronous: nothing can come between a question and its answer. */

import type { Bytes } from "./bytes";

export interface Leaf {
  readonly leaf: number;
  readonly identity: string;
  /** Null when the leaf's name cannot be read with this link. */
  readonly name: string | null;
  readonly role: "guest" | "host";
}

/** What a merged commit has changed. */
export interface Change {
  readonly epoch: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Came in anew while they were there: a reload, a recovery. */
  readonly returned: readonly string[];
  readonly selfRemoved: boolean;
  readonly policyChanged: boolean;
  /** Who made it, as far as MLS tells. */
  readonly by: string | null;
}

export type Processed =
  | ({ readonly kind: "commit" } & Change)
  | { readonly kind: "proposal"; readonly removes: string | null }
  | { readonly kind: "app"; readonly from: string; readonly role: "guest" | "host"; readonly payload: Bytes };

export interface EpochKeys {
  readonly epoch: number;
  /** Base key of the epoch's frame keys, 16 bytes. */
  readonly base: Bytes;
  readonly authenticator: Bytes;
  readonly selfLeaf: number;
}

export interface Made {
  readonly commit: Bytes;
  /** GroupInfo of the epoch that the commit leads to. */
  readonly info: Bytes;
  readonly welcome: Bytes | null;
  readonly to: readonly string[];
}

export interface CommitWish {
  readonly adds: readonly Bytes[];
  readonly removes: readonly string[];
  /** Fresh keys on our path: after a removal, and every ten minutes. */
  readonly update: boolean;
  /** A new policy, by a host; with `secret` where its generation is a later one. */
  readonly policy?: Bytes;
  readonly secret?: Bytes;
}

/** The policy that the group obeys. */
export interface PolicyInForce {
  readonly gen: number;
  readonly seq: number;
  /** As its host signed it. */
  readonly blob: Bytes;
  /** Whether the link secret of its generation is known here. */
  readonly secretKnown: boolean;
}

/** One member's MLS state. Methods throw MlsError; the state stays that of the last merged epoch. */
export interface Mls {
  create(sender: Bytes): { readonly group: Bytes; readonly epoch: number; readonly info: Bytes };
  joinExternal(info: Bytes): { readonly commit: Bytes; readonly info: Bytes; readonly epoch: number };
  joinWelcome(welcome: Bytes): void;
  commit(wish: CommitWish): Made;
  /** The pending commit is the one that counts. */
  accepted(): Change;
  /** Another one does. */
  rejected(): void;
  process(message: Bytes, gone?: string | null): Processed;
  keyPackage(): Bytes;
  leave(): Bytes;
  sealApp(payload: Bytes): Bytes;
  info(): Bytes;
  roster(): readonly Leaf[];
  policy(): PolicyInForce;
  /** The link secret of the generation in force, which a host said after changing it. */
  newSecret(secret: Bytes): void;
  keys(): EpochKeys;
}

export class MlsError extends Error {
  override readonly name = "MlsError";

  constructor(
    readonly code: string,
    detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}
