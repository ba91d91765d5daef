/**
 * One stay in the group: lets the state machine hear the delivery service, the clock and the beats, and does what it decides.
 * Keys go to the frame worker by a port of their own, and nowhere else.
 */

import type { AlarmKind, EncryptionEvent } from "../model/encryption";
import { Beats } from "./beats";
import type { Bytes } from "./bytes";
import { Delivery } from "./delivery";
import { labelled, sha256 } from "./derive";
import type { KeyMessage } from "./frames/messages";
import { Group } from "./group";
import type { GovernedChange, GroupAction, GroupEvent, GroupTerms } from "./group-events";
import type { EpochKeys, Leaf, Mls, PolicyInForce } from "./mls";
import { safetyCode } from "./safety-code";

const TAG_BYTES = 16;
// A single message may have been damaged on its way; the next one comes within ten seconds.
const UNREADABLE_BEFORE_ALARM = 2;

export interface MembershipEars {
  onEvent(event: EncryptionEvent): void;
  onActive(): void;
  /** `elsewhere`: by oneself, in another tab or browser. */
  onRemoved(elsewhere: boolean): void;
  /** Sends through the encrypted data channel. */
  onBeat(payload: Bytes): void;
  onFailed(kind: AlarmKind): void;
  /** Another policy is in force, or its link secret is newly known. */
  onPolicy(policy: PolicyInForce, secret: Bytes | null): void;
  token(): Promise<string>;
}

export class Membership {
  readonly #group: Group;
  readonly #delivery: Delivery;
  readonly #beats: Beats;
  readonly #installed = new Set<number>();
  readonly #unreadable = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #governing = new Map<GovernedChange, (outcome: "done" | "stale" | "refused") => void>();
  #newest = -1;
  // Keys are imported in the background; what is said about them must not overtake them.
  #turn: Promise<void> = Promise.resolve();

  constructor(
    mls: Mls,
    private readonly terms: GroupTerms,
    url: string,
    private readonly frames: MessagePort,
    private readonly ears: MembershipEars,
  ) {
    this.#group = new Group(mls, terms, Math.random);
    this.#beats = new Beats(terms.identity);
    this.#delivery = new Delivery(url, ears.token, {
      onMessage: (message) => this.#handle({ type: "message", message }),
      onLost: () => this.#handle({ type: "lost" }),
    });
  }

  begin(): void {
    this.#delivery.open();
  }

  /** `stale`: another policy came into force first. `refused` also when one is no member any more. */
  govern(change: GovernedChange): Promise<"done" | "stale" | "refused"> {
    return new Promise((told) => {
      this.#governing.set(change, told);
      this.#handle({ type: "govern", change });
      if (this.#over) this.#governed(change, "refused");
    });
  }

  /** A beat that came by the encrypted data channel. */
  heard(from: string, payload: Bytes): void {
    this.#judge(from, payload);
    this.#handle({ type: "tick" });
  }

  fail(kind: AlarmKind): void {
    this.#handle({ type: "fail", kind });
  }

  leave(): void {
    this.#handle({ type: "leave" });
    this.#end();
  }

  get #over(): boolean {
    return this.#group.phase === "left" || this.#group.phase === "failed";
  }

  #handle(event: GroupEvent): void {
    const now = performance.now();
    for (const action of this.#group.handle(event, now)) this.#do(action, now);
    this.#beat(now);
    clearTimeout(this.#timer);
    if (this.#over) return;
    const wakeAt = Math.min(this.#group.wakeAt, this.#beats.wakeAt);
    if (wakeAt !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.#handle({ type: "tick" }), Math.max(0, wakeAt - now));
    }
  }

  #do(action: GroupAction, now: number): void {
    switch (action.do) {
      case "send":
        this.#delivery.send(action.message);
        break;
      case "reopen":
        this.#delivery.reopen();
        break;
      case "install":
        this.#install(action.keys, action.roster, action.afresh, now);
        break;
      case "switch":
      case "wipe":
        this.#tellFrames({ kind: action.do, epoch: action.epoch });
        if (action.do === "wipe") this.#installed.delete(action.epoch);
        break;
      case "governed":
        this.#governed(action.change, action.outcome);
        break;
      case "policy":
        this.ears.onPolicy(action.policy, action.secret);
        break;
      case "said":
        this.#judge(action.from, action.payload);
        break;
      case "unreadable":
        this.#countUnreadable(`${action.epoch} ${action.from}`);
        break;
      case "ahead":
        this.#beats.ahead(now);
        break;
      case "alarm":
        this.ears.onEvent({ type: "alarm", kind: action.kind, identity: action.identity, at: Date.now() });
        break;
      case "returning":
        this.ears.onEvent({ type: "returning" });
        break;
      case "removed":
        this.#end();
        this.ears.onRemoved(action.by === this.terms.identity);
        break;
      case "failed":
        this.#end();
        this.ears.onEvent({ type: "broken", kind: action.kind, at: Date.now() });
        this.ears.onFailed(action.kind);
        break;
    }
  }

  #governed(change: GovernedChange, outcome: "done" | "stale" | "refused"): void {
    this.#governing.get(change)?.(outcome);
    this.#governing.delete(change);
  }

  #install(keys: EpochKeys, roster: readonly Leaf[], afresh: boolean, now: number): void {
    const { epoch, base, authenticator, selfLeaf } = keys;
    if (afresh) this.#wipeAll();
    this.#installed.add(epoch);
    this.#unreadable.clear();
    const members = roster.map(({ leaf, identity }) => [leaf, identity] as const);
    this.#turn = this.#turn.then(async () => {
      const key = await crypto.subtle.importKey("raw", base, "HKDF", false, ["deriveKey", "deriveBits"]);
      base.fill(0);
      this.frames.postMessage({ kind: "install", epoch, base: key, leaf: selfLeaf, members } satisfies KeyMessage);
    });
    this.ears.onEvent({
      type: "epoch",
      epoch,
      members: roster.map(({ identity, name, role }) => ({
        identity,
        name: name ?? "",
        isSelf: identity === this.terms.identity,
        badge: role === "host" ? "host" : "admitted",
      })),
    });
    void sha256(labelled("hc1 beat", authenticator)).then((tag) => {
      if (this.#newest !== epoch) return;
      this.#beats.epoch(epoch, tag.slice(0, TAG_BYTES), roster, now);
      this.#handle({ type: "tick" });
    });
    void safetyCode(authenticator).then((code) => this.ears.onEvent({ type: "code", epoch, code }));
    this.#newest = epoch;
    this.ears.onActive();
  }

  #beat(now: number): void {
    if (this.#over) return;
    if (!this.#group.awaitsLink && this.#beats.leftBehind(now)) {
      this.fail("forked");
      return;
    }
    const payload = this.#beats.due(now);
    if (payload === null) return;
    for (const action of this.#group.handle({ type: "say", payload }, now)) this.#do(action, now);
    this.ears.onBeat(payload);
    this.ears.onEvent({ type: "silent", identities: this.#beats.silent(now) });
  }

  #judge(from: string, payload: Bytes): void {
    if (this.#beats.heard(from, payload, performance.now()) === "split") this.fail("forked");
  }

  #countUnreadable(about: string): void {
    const count = (this.#unreadable.get(about) ?? 0) + 1;
    this.#unreadable.set(about, count);
    if (count >= UNREADABLE_BEFORE_ALARM) this.fail("forked");
  }

  #tellFrames(message: KeyMessage): void {
    this.#turn = this.#turn.then(() => this.frames.postMessage(message));
  }

  #wipeAll(): void {
    for (const epoch of this.#installed) this.#tellFrames({ kind: "wipe", epoch });
    this.#installed.clear();
  }

  /** Without keys the frame worker lets nothing through, in or out. */
  #end(): void {
    clearTimeout(this.#timer);
    for (const change of [...this.#governing.keys()]) this.#governed(change, "refused");
    this.#wipeAll();
    // What was said last should still go out.
    setTimeout(() => this.#delivery.close(), 200);
  }
}
