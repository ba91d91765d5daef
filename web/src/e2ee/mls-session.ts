/** The MLS member of one room in WebAssembly: calls it and reads its answers. What is valid is decided inside, in `mls`. */

import { decode, encode } from "cborg";
import type { Bytes } from "./bytes";
import {
  type Change,
  type CommitWish,
  type EpochKeys,
  type Leaf,
  type Made,
  type Mls,
  MlsError,
  type PolicyInForce,
  type Processed,
} from "./mls";

interface Exports {
  readonly memory: WebAssembly.Memory;
  hc_alloc(length: number): number;
  hc_free(pointer: number, length: number): void;
  hc_call(pointer: number, length: number): bigint;
}

/** What the policy says, once it is found to be signed by the host key that the link means. */
export interface Opened {
  readonly hostPublicKey: Bytes;
  readonly gen: number;
  readonly seq: number;
  readonly admission: "lobby" | "open";
  readonly max: number;
}

export interface NewLeaf {
  readonly leafPublicKey: Bytes;
  readonly toSign: Bytes;
  readonly leafKey: Bytes;
}

/** Who left a card at the door: whoever made it had the link and the seat's public key. */
export interface OpenedCard {
  readonly seatPublicKey: Bytes;
  readonly identity: string;
  readonly name: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** A fresh instance: one member of one room, with a memory of its own. */
export async function openMlsSession(module: WebAssembly.Module): Promise<MlsSession> {
  let exports: Exports | null = null;
  const memory = () => (exports as Exports).memory.buffer;
  const instance = await WebAssembly.instantiate(module, {
    env: {
      hc_random(pointer: number, length: number) {
        crypto.getRandomValues(new Uint8Array(memory(), pointer, length));
      },
      hc_now: () => Date.now(),
      hc_panic(pointer: number, length: number) {
        throw new MlsError("panic", new TextDecoder().decode(new Uint8Array(memory(), pointer, length).slice()));
      },
    },
  });
  exports = instance.exports as unknown as Exports;
  return new MlsSession(exports);
}

export class MlsSession implements Mls {
  constructor(private readonly exports: Exports) {}

  /** `knownSeq`: the highest policy seq this browser saw of the room; an older policy is refused. `apart`: the
   * secret is a personal invitation's, or one handed over for it, and need not be that of this policy's link. */
  open(room: string, secret: Bytes, fingerprint: Bytes, policy: Bytes, knownSeq = 0, apart = false): Opened {
    return opened(this.#ask("open", { room, secret, f: fingerprint, policy, seq: knownSeq, apart }));
  }

  /** The policy in force: the group's, or the one opened where there is no group yet. */
  policy(): Opened & PolicyInForce {
    const answer = this.#ask("policy", {});
    return { ...opened(answer), blob: bytes(answer.blob), secretKnown: answer.has_secret === true };
  }

  /**
   * Draws a leaf for this seat, or takes the leaf key of before a reload: with it an external commit replaces the old leaf. The seat
   * then vouches for the leaf by its signature over `toSign`, in `sealLeaf`. `leafKey` is secret (64 bytes).
   */
  newLeaf(seatPublicKey: Bytes, name: string, leafKey: Bytes | null = null): NewLeaf {
    const answer = this.#ask("new_leaf", { seat_pk: seatPublicKey, name, leaf_key: leafKey });
    return {
      leafPublicKey: bytes(answer.leaf_pk),
      toSign: bytes(answer.to_sign),
      leafKey: bytes(answer.leaf_key),
    };
  }

  sealLeaf(signature: Bytes, certificate: Bytes | null): void {
    this.#ask("seal_leaf", { seat_sig: signature, certificate });
  }

  /** `invitation`: the id of the personal one whose secret this session was opened with. */
  makeCard(seatPublicKey: Bytes, name: string, invitation: Bytes | null = null): Bytes {
    return bytes(this.#call("make_card", { seat_pk: seatPublicKey, name, invitation }));
  }

  /** Throws MlsError unless the card was made with the link, or with the given invitation where there is one. */
  openCard(card: Bytes, invitation: { readonly id: Bytes; readonly secret: Bytes } | null = null): OpenedCard {
    const answer = this.#ask("open_card", {
      card,
      invitation: invitation?.id ?? null,
      secret: invitation?.secret ?? null,
    });
    return { seatPublicKey: bytes(answer.seat_pk), identity: text(answer.identity), name: text(answer.name) };
  }

  create(sender: Bytes): { group: Bytes; epoch: number; info: Bytes } {
    const answer = this.#ask("create", { sender });
    return { group: bytes(answer.group), epoch: Number(answer.epoch), info: bytes(answer.info) };
  }

  joinExternal(info: Bytes): { commit: Bytes; info: Bytes; epoch: number } {
    const answer = this.#ask("join_external", { info });
    return { commit: bytes(answer.commit), info: bytes(answer.info), epoch: Number(answer.epoch) };
  }

  joinWelcome(welcome: Bytes): void {
    this.#ask("join_welcome", { welcome });
  }

  commit({ adds, removes, update, policy, secret }: CommitWish): Made {
    const answer = this.#ask("commit", { adds, removes, update, policy, secret });
    return {
      commit: bytes(answer.commit),
      info: bytes(answer.info),
      welcome: answer.welcome === null || answer.welcome === undefined ? null : bytes(answer.welcome),
      to: list(answer.to).map(text),
    };
  }

  accepted(): Change {
    return change(this.#ask("accepted", {}));
  }

  rejected(): void {
    this.#ask("rejected", {});
  }

  /** `gone`: whom the server says that its proposal removes; one that removes another is refused. */
  process(message: Bytes, gone: string | null = null): Processed {
    const answer = this.#ask("process", { message, gone });
    switch (answer.kind) {
      case "commit":
        return { kind: "commit", ...change(answer) };
      case "proposal":
        return { kind: "proposal", removes: typeof answer.removes === "string" ? answer.removes : null };
      case "app":
        return { kind: "app", from: text(answer.from), role: role(answer.role), payload: bytes(answer.payload) };
      default:
        throw new MlsError("answer", "of no known kind");
    }
  }

  keyPackage(): Bytes {
    return bytes(this.#call("key_package", {}));
  }

  leave(): Bytes {
    return bytes(this.#call("leave", {}));
  }

  sealApp(payload: Bytes): Bytes {
    return bytes(this.#call("seal_app", { payload }));
  }

  info(): Bytes {
    return bytes(this.#call("info", {}));
  }

  roster(): readonly Leaf[] {
    return list(this.#call("roster", {})).map((entry) => {
      const { leaf, identity, name, role: is } = entry as Fields;
      return {
        leaf: Number(leaf),
        identity: text(identity),
        name: typeof name === "string" ? name : null,
        role: role(is),
      };
    });
  }

  /** The link secret of the generation in force, which a host sent to the members after changing it. */
  newSecret(secret: Bytes): void {
    this.#ask("new_secret", { secret });
  }

  keys(): EpochKeys {
    const { epoch, base, authenticator, self_leaf } = this.#ask("keys", {});
    return {
      epoch: Number(epoch),
      base: bytes(base),
      authenticator: bytes(authenticator),
      selfLeaf: Number(self_leaf),
    };
  }

  #ask(op: string, args: Fields): Fields {
    return (this.#call(op, args) ?? {}) as Fields;
  }

  /** The answer's value. Throws MlsError; after a panic every call does. */
  #call(op: string, args: Fields): unknown {
    const { exports } = this;
    const request = encode([op, args]);
    const pointer = exports.hc_alloc(request.length);
    new Uint8Array(exports.memory.buffer, pointer, request.length).set(request);
    const packed = BigInt.asUintN(64, exports.hc_call(pointer, request.length));
    exports.hc_free(pointer, request.length);
    const at = Number(packed >> 32n);
    const length = Number(packed & 0xffff_ffffn);
    const answer = decode(new Uint8Array(exports.memory.buffer, at, length).slice()) as Fields;
    // Keys must not lie about in memory that nobody uses.
    new Uint8Array(exports.memory.buffer, at, length).fill(0);
    exports.hc_free(at, length);
    if (typeof answer.error === "string") throw new MlsError(answer.error, String(answer.detail ?? ""));
    return answer.ok;
  }
}

function change(answer: Fields): Change {
  return {
    epoch: Number(answer.epoch),
    added: list(answer.added).map(text),
    removed: list(answer.removed).map(text),
    returned: list(answer.returned).map(text),
    selfRemoved: answer.self_removed === true,
    policyChanged: answer.policy_changed === true,
    by: typeof answer.by === "string" ? answer.by : null,
  };
}

function opened(answer: Fields): Opened {
  return {
    hostPublicKey: bytes(answer.host_pk),
    gen: Number(answer.gen),
    seq: Number(answer.seq),
    admission: answer.admission === "open" ? "open" : "lobby",
    max: Number(answer.max),
  };
}

function role(value: unknown): "guest" | "host" {
  return value === "host" ? "host" : "guest";
}

function bytes(value: unknown): Bytes {
  if (!(value instanceof Uint8Array)) throw new MlsError("answer", "bytes expected");
  return new Uint8Array(value);
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new MlsError("answer", "text expected");
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new MlsError("answer", "list expected");
  return value;
}
