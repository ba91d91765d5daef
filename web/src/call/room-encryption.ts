/** The page's side of the MLS worker: asks it, keeps what may be shown, and brings it together with a call. Holds no key. */

import workerUrl from "../e2ee/mls-worker.ts?worker&url";
import type { InvitationLink, PageMessage, Questions, ShownCard, WorkerMessage } from "../e2ee/worker-messages";
import { type EncryptionEvent, type EncryptionState, encryptionAfter, encryptionBegins } from "../model/encryption";
import { Cell } from "../model/observable";
import type { ChangedPolicy, Governance, Membership, PolicyChange, RoomEncryption } from "../model/ports";
import { Failure } from "../types/room";
import { startWorker } from "./start-worker";

// What was said last still has to leave the worker.
const LAST_WORDS_MS = 500;

/** What a call hears of the group beside its state. */
export interface GroupEars {
  /** To be sent to everybody through the encrypted data channel. */
  onBeat(payload: Uint8Array<ArrayBuffer>): void;
  onRemoved(elsewhere: boolean): void;
}

interface Open {
  done(value: unknown): void;
  failed(failure: Failure): void;
}

export class WorkerRoomEncryption implements RoomEncryption {
  readonly #worker: Worker;
  readonly #cell = new Cell<EncryptionState>(encryptionBegins);
  readonly #open = new Map<number, Open>();
  #requests = 0;
  #identity = "";
  readonly #governance = new Cell<Governance>({ seq: 0, secret: null });
  #hostKey = false;
  #mayInvite = false;
  #freshToken: () => Promise<string | null> = async () => null;
  #frames: MessagePort | null = null;
  #entered = false;
  #closed = false;
  ears: GroupEars | null = null;

  private constructor() {
    this.#worker = startWorker(workerUrl, "mls");
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => this.#hear(data);
    this.#worker.onerror = () => this.#stopped();
  }

  /** Rejects with a Failure when the policy is not the one that the link means. */
  static async open(terms: Questions["open"]["ask"]): Promise<WorkerRoomEncryption> {
    const encryption = new WorkerRoomEncryption();
    try {
      const { identity, seq, hostKey, mayInvite } = await encryption.#ask("open", terms);
      encryption.#identity = identity;
      encryption.#governance.set({ seq, secret: null });
      encryption.#hostKey = hostKey;
      encryption.#mayInvite = mayInvite;
      return encryption;
    } catch (error) {
      encryption.close();
      throw error;
    }
  }

  get identity(): string {
    return this.#identity;
  }

  get governance(): Cell<Governance> {
    return this.#governance;
  }

  get holdsHostKey(): boolean {
    return this.#hostKey;
  }

  get mayInvite(): boolean {
    return this.#mayInvite;
  }

  get state(): Cell<EncryptionState> {
    return this.#cell;
  }

  makeCard(name: string): Promise<string> {
    return this.#ask("makeCard", { name });
  }

  openCard(card: string): Promise<ShownCard | null> {
    return this.#ask("openCard", { card });
  }

  certify(card: string): Promise<string> {
    return this.#ask("certify", { card });
  }

  invitation(id: string | null): Promise<InvitationLink> {
    return this.#ask("invitation", { id });
  }

  async enter({ freshToken, ...terms }: Membership): Promise<void> {
    this.#freshToken = freshToken;
    if (this.#entered) return;
    const { port1, port2 } = new MessageChannel();
    this.#frames = port2;
    await this.#ask("enter", { ...terms, frames: port1 }, [port1]);
    this.#entered = true;
  }

  /** The port on which the epoch keys come, for the frame worker. It can be taken once. */
  takeFrames(): MessagePort {
    const frames = this.#frames;
    if (frames === null) throw new Failure("encryption_failed");
    this.#frames = null;
    return frames;
  }

  changePolicy(change: PolicyChange): Promise<ChangedPolicy> {
    return this.#ask("changePolicy", change);
  }

  alarmsSeen(): void {
    this.tell({ type: "alarms-seen" });
  }

  /** A beat that came through the encrypted data channel. */
  heard(from: string, payload: Uint8Array<ArrayBuffer>): void {
    this.#post({ kind: "beat", from, payload });
  }

  /** What arrives from a member does not open with the keys we share. */
  split(): void {
    this.#post({ kind: "split" });
  }

  tell(event: EncryptionEvent): void {
    this.#cell.set(encryptionAfter(this.#cell.get(), event));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.ears = null;
    this.#frames?.close();
    this.#post({ kind: "leave" });
    for (const open of this.#open.values()) open.failed(new Failure("encryption_failed"));
    this.#open.clear();
    setTimeout(() => this.#worker.terminate(), LAST_WORDS_MS);
  }

  #hear(message: WorkerMessage): void {
    switch (message.kind) {
      case "answer":
        this.#open.get(message.request)?.done(message.value);
        this.#open.delete(message.request);
        break;
      case "refused":
        this.#open.get(message.request)?.failed(new Failure(message.code));
        this.#open.delete(message.request);
        break;
      case "encryption":
        if (!this.#closed) this.tell(message.event);
        break;
      case "token":
        void this.#freshToken().then((token) => this.#post({ kind: "token", token }));
        break;
      case "beat":
        this.ears?.onBeat(message.payload);
        break;
      case "policy":
        this.#governance.set({ seq: message.seq, secret: message.secret ?? this.#governance.get().secret });
        break;
      case "removed":
        this.ears?.onRemoved(message.elsewhere);
        break;
    }
  }

  /** A worker that broke down took the keys with it: nothing more will be sent or opened. */
  #stopped(): void {
    for (const open of this.#open.values()) open.failed(new Failure("encryption_failed"));
    this.#open.clear();
    this.tell({ type: "broken", kind: "stopped", at: Date.now() });
  }

  #ask<Q extends keyof Questions>(
    kind: Q,
    terms: Questions[Q]["ask"],
    transfer: Transferable[] = [],
  ): Promise<Questions[Q]["answer"]> {
    this.#requests += 1;
    const request = this.#requests;
    return new Promise((done, failed) => {
      this.#open.set(request, { done: (value) => done(value as Questions[Q]["answer"]), failed });
      this.#post({ kind, request, terms } as PageMessage, transfer);
    });
  }

  #post(message: PageMessage, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
