/**
 * A small world for the group's state machine: MLS reduced to its order of epochs, a truthful delivery service, and members whose
 * messages travel one by one. What MLS itself accepts is tested against the real one in `mls`.
 */

import { decode, encode } from "cborg";
import type { Bytes } from "./bytes";
import type { FromServer, Standing, ToServer } from "./delivery-frames";
import { Group } from "./group";
import type { GovernedChange, GroupAction, GroupEvent, GroupTerms } from "./group-events";
import type { Change, CommitWish, EpochKeys, Leaf, Made, Mls, PolicyInForce, Processed } from "./mls";

interface ModelState {
  readonly group: string;
  readonly epoch: number;
  /** Names the history: two groups with different ones share no key. */
  readonly history: string;
  readonly leaves: readonly { readonly identity: string; readonly host: boolean }[];
  readonly policy: ModelPolicy;
}

interface ModelPolicy {
  readonly seq: number;
  readonly gen: number;
}

/** S of a generation, as the link of the model has it. */
export const secretOf = (gen: number): Bytes => new Uint8Array(16).fill(gen);

interface ModelCommit {
  readonly kind: "commit";
  readonly base: string;
  readonly by: string;
  readonly valid: boolean;
  readonly adds: readonly { readonly identity: string; readonly host: boolean }[];
  readonly removes: readonly string[];
  readonly policy: ModelPolicy | null;
  readonly nonce: number;
}

const bytes = (value: unknown): Bytes => encode(value) as Bytes;
const read = <T>(data: Bytes): T => decode(data) as T;

let nonces = 0;

export function modelCommit(base: ModelState, by: string, change: Partial<ModelCommit> = {}): Bytes {
  nonces += 1;
  const commit: ModelCommit = {
    kind: "commit",
    base: base.history,
    by,
    valid: true,
    adds: [],
    removes: [],
    policy: null,
    nonce: nonces,
    ...change,
  };
  return bytes(commit);
}

export function after(state: ModelState, commit: Bytes): ModelState {
  const { adds, removes, policy, nonce } = read<ModelCommit>(commit);
  const leaves = state.leaves.filter(({ identity }) => !removes.includes(identity));
  const returning = new Set(adds.map(({ identity }) => identity));
  return {
    ...state,
    epoch: state.epoch + 1,
    history: `${state.history}/${nonce}`,
    policy: policy ?? state.policy,
    leaves: [...leaves.filter(({ identity }) => !returning.has(identity)), ...adds],
  };
}

/** Keeps the order of epochs, and fails the test where the state machine would break it. */
export class ModelMls implements Mls {
  state: ModelState | null = null;
  readonly merged: string[] = [];
  #pending: { readonly state: ModelState; readonly commit: Bytes } | null = null;
  #proposals: string[] = [];
  #knownGen = 1;
  #newGen = 1;

  constructor(
    private readonly identity: string,
    private readonly host: boolean,
  ) {}

  /** Came with the link of this generation. */
  follows(gen: number) {
    this.#knownGen = gen;
  }

  create() {
    const leaves = [{ identity: this.identity, host: this.host }];
    this.state = {
      group: `g ${this.identity}`,
      epoch: 0,
      history: `g ${this.identity}`,
      leaves,
      policy: { seq: 1, gen: 1 },
    };
    return { group: bytes(this.state.group), epoch: 0, info: bytes(this.state) };
  }

  joinExternal(info: Bytes) {
    const base = read<ModelState>(info);
    if (typeof base?.history !== "string") throw new Error("no GroupInfo");
    if (base.policy.gen !== this.#knownGen) throw new Error("the link is of another generation");
    const commit = modelCommit(base, this.identity, { adds: [{ identity: this.identity, host: this.host }] });
    const state = after(base, commit);
    this.#pending = { state, commit };
    return { commit, info: bytes(state), epoch: base.epoch };
  }

  joinWelcome(welcome: Bytes) {
    const state = read<ModelState>(welcome);
    if (!state.leaves?.some(({ identity }) => identity === this.identity)) throw new Error("not for us");
    this.state = state;
    this.merged.push(state.history);
  }

  commit({ adds, removes, policy }: CommitWish): Made {
    const base = this.#now();
    if (base.policy.gen !== this.#knownGen) throw new Error("the secret in force is not known");
    if (this.#pending !== null) throw new Error("pending");
    const newcomers = adds.map((kp) => read<{ identity: string; host: boolean }>(kp));
    for (const { identity } of newcomers) {
      if (base.leaves.some((leaf) => leaf.identity === identity)) throw new Error("duplicate identity");
    }
    for (const identity of removes) {
      if (!base.leaves.some((leaf) => leaf.identity === identity)) throw new Error("not in the group");
    }
    const next = policy === undefined ? null : read<ModelPolicy>(policy);
    const gone = [...removes, ...this.#proposals];
    const commit = modelCommit(base, this.identity, { adds: newcomers, removes: gone, policy: next });
    const state = after(base, commit);
    this.#newGen = state.policy.gen;
    this.#pending = { state, commit };
    const to = newcomers.map(({ identity }) => identity);
    return { commit, info: bytes(state), welcome: to.length > 0 ? bytes(state) : null, to };
  }

  accepted(): Change {
    if (this.#pending === null) throw new Error("nothing is under way");
    const { state } = this.#pending;
    const removed = (this.state?.leaves ?? []).filter(
      (leaf) => !state.leaves.some((l) => l.identity === leaf.identity),
    );
    this.#pending = null;
    this.#knownGen = Math.max(this.#knownGen, this.#newGen);
    return this.#enter(
      state,
      this.identity,
      removed.map(({ identity }) => identity),
    );
  }

  rejected() {
    if (this.#pending === null) throw new Error("nothing is under way");
    this.#pending = null;
  }

  process(message: Bytes): Processed {
    const base = this.#now();
    const content = read<
      ModelCommit | { kind: "proposal"; removes: string } | { kind: "app"; from: string; base: string; payload: Bytes }
    >(message);
    if (content.kind === "proposal") {
      if (!base.leaves.some(({ identity }) => identity === content.removes)) throw new Error("of nobody");
      this.#proposals.push(content.removes);
      return { kind: "proposal", removes: content.removes };
    }
    if (content.kind === "app") {
      if (content.base !== base.history) throw new Error("other keys");
      const host = base.leaves.some(({ identity, host }) => host && identity === content.from);
      return { kind: "app", from: content.from, role: host ? "host" : "guest", payload: content.payload };
    }
    if (content.kind !== "commit" || !content.valid || content.base !== base.history) throw new Error("invalid");
    if (base.policy.gen !== this.#knownGen) throw new Error("a PSK that is not known");
    if (this.#pending !== null) throw new Error("the state machine left its own commit pending");
    return { kind: "commit", ...this.#enter(after(base, message), content.by, content.removes) };
  }

  keyPackage() {
    return bytes({ identity: this.identity, host: this.host });
  }

  leave() {
    return bytes({ kind: "proposal", removes: this.identity });
  }

  sealApp(payload: Bytes) {
    return bytes({ kind: "app", from: this.identity, base: this.#now().history, payload });
  }

  policy(): PolicyInForce {
    const { policy } = this.#now();
    return { ...policy, blob: bytes(policy), secretKnown: policy.gen === this.#knownGen };
  }

  newSecret(secret: Bytes) {
    if (secret[0] !== this.#now().policy.gen) throw new Error("not the secret in force");
    this.#knownGen = secret[0] as number;
  }

  info() {
    return bytes(this.#now());
  }

  roster(): readonly Leaf[] {
    return this.#now().leaves.map(({ identity, host }, leaf) => ({
      leaf,
      identity,
      name: identity,
      role: host ? "host" : "guest",
    }));
  }

  keys(): EpochKeys {
    const { epoch, history, leaves } = this.#now();
    const selfLeaf = leaves.findIndex(({ identity }) => identity === this.identity);
    return { epoch, base: bytes(history), authenticator: bytes(history), selfLeaf };
  }

  #now(): ModelState {
    if (this.state === null) throw new Error("no group");
    return this.state;
  }

  #enter(state: ModelState, by: string, removed: readonly string[]): Change {
    this.#proposals = [];
    const before = this.state?.leaves ?? [];
    const added = state.leaves.map(({ identity }) => identity).filter((one) => !before.some((l) => l.identity === one));
    this.state = state;
    this.merged.push(state.history);
    const selfRemoved = !state.leaves.some(({ identity }) => identity === this.identity);
    return { epoch: state.epoch, added, removed, returned: [], selfRemoved, policyChanged: false, by };
  }
}

/** A policy of the model that follows `seq`, 1 where it is the room's first. */
export function governed(change: Partial<GovernedChange> & { seq?: number; gen?: number } = {}): GroupEvent {
  const { seq = 1, gen = 1, secret = null, remove = null } = change;
  return { type: "govern", change: { policy: bytes({ seq: seq + 1, gen }), follows: seq, secret, remove } };
}

/** One member with their model of MLS and everything the state machine wanted done. */
export class Actor {
  readonly mls: ModelMls;
  readonly group: Group;
  readonly done: GroupAction[] = [];
  online = true;

  constructor(
    readonly identity: string,
    terms: Partial<GroupTerms> = {},
  ) {
    const host = terms.host ?? false;
    this.mls = new ModelMls(identity, host);
    this.group = new Group(this.mls, { identity, host, returning: false, secret: secretOf(1), ...terms }, () => 0.5);
  }

  handle(event: GroupEvent, now: number): readonly GroupAction[] {
    const actions = this.group.handle(event, now);
    this.done.push(...actions);
    return actions;
  }

  /** The epochs whose keys were handed out, in order. */
  get installed(): readonly number[] {
    return this.done.flatMap((action) => (action.do === "install" ? [action.keys.epoch] : []));
  }

  get alarms(): readonly string[] {
    return this.done.flatMap((action) => (action.do === "alarm" || action.do === "failed" ? [action.kind] : []));
  }
}

/** A delivery service that keeps its word, and the time that passes. */
export class TruthfulServer {
  now = 0;
  group: Bytes | null = null;
  epoch = 0;
  info: Bytes | null = null;
  readonly log: (readonly [number, Bytes])[] = [];
  readonly actors: Actor[] = [];
  readonly #unheard: [Actor, ToServer][] = [];

  connect(...actors: readonly Actor[]): void {
    for (const actor of actors) {
      if (!this.actors.includes(actor)) this.actors.push(actor);
      actor.online = true;
      this.tell(actor, this.standing(actor));
    }
    this.tellAll({ t: "people", people: this.people });
  }

  disconnect(actor: Actor): void {
    actor.online = false;
    this.#carry(actor, actor.handle({ type: "lost" }, this.now));
    this.tellAll({ t: "people", people: this.people });
  }

  /** Everything is forgotten, and everybody connects again. */
  restart(): void {
    this.group = null;
    this.epoch = 0;
    this.info = null;
    this.log.length = 0;
    for (const actor of this.actors) if (actor.online) this.#carry(actor, actor.handle({ type: "lost" }, this.now));
    this.connect(...this.actors.filter(({ online }) => online));
  }

  /** Lets time pass, in the steps the members ask for. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const next = Math.min(...this.actors.filter(({ online }) => online).map(({ group }) => group.wakeAt));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      for (const actor of this.actors) if (actor.online) this.#carry(actor, actor.handle({ type: "tick" }, this.now));
    }
    this.now = end;
  }

  wish(actor: Actor, event: GroupEvent): void {
    this.#carry(actor, actor.handle(event, this.now));
  }

  get people(): readonly string[] {
    return this.actors.filter(({ online }) => online).map(({ identity }) => identity);
  }

  standing(actor: Actor): FromServer {
    const { group, info, people } = this;
    const epoch = group === null ? null : this.epoch;
    const standing: Standing = { you: actor.identity, epoch, group, info, people, sender: new Uint8Array(32) };
    return { t: "state", ...standing };
  }

  tell(actor: Actor, message: FromServer): void {
    if (actor.online) this.#carry(actor, actor.handle({ type: "message", message }, this.now));
  }

  tellAll(message: FromServer): void {
    for (const actor of this.actors) this.tell(actor, message);
  }

  #carry(actor: Actor, actions: readonly GroupAction[]): void {
    for (const action of actions) {
      if (action.do === "send") this.hear(actor, action.message);
      else if (action.do === "reopen") {
        this.#carry(actor, actor.handle({ type: "lost" }, this.now));
        this.connect(actor);
      }
    }
  }

  /** One message after the other: what one of them brings about comes after it at everybody. */
  hear(from: Actor, message: ToServer): void {
    this.#unheard.push([from, message]);
    if (this.#unheard.length > 1) return;
    for (let next = this.#unheard[0]; next !== undefined; next = this.#unheard[0]) {
      this.#serve(...next);
      this.#unheard.shift();
    }
  }

  #serve(from: Actor, message: ToServer): void {
    switch (message.t) {
      case "create":
        if (this.group !== null) {
          this.tell(from, { t: "refused", id: message.id, code: "group_exists", epoch: this.epoch });
          return;
        }
        this.group = message.group;
        this.epoch = message.epoch;
        this.info = message.info;
        this.tell(from, { t: "ok", id: message.id });
        for (const actor of this.actors) if (actor !== from) this.tell(actor, this.standing(actor));
        return;
      case "commit":
        if (message.epoch !== this.epoch) {
          this.tell(from, { t: "refused", id: message.id, code: "conflict", epoch: this.epoch });
          return;
        }
        this.epoch += 1;
        this.info = message.info;
        this.log.push([message.epoch, message.commit]);
        this.tellAll({ t: "commit", epoch: message.epoch, commit: message.commit });
        this.tell(from, { t: "ok", id: message.id });
        for (const actor of this.actors) {
          if (message.welcome !== undefined && message.to?.includes(actor.identity)) {
            this.tell(actor, { t: "welcome", epoch: this.epoch, welcome: message.welcome });
          }
        }
        return;
      case "propose":
        for (const actor of this.actors) {
          if (actor !== from)
            this.tell(actor, { t: "propose", epoch: message.epoch, proposal: message.proposal, gone: null });
        }
        return;
      case "join_req":
        for (const actor of this.actors)
          if (actor !== from) this.tell(actor, { t: "join_req", kp: message.kp, from: from.identity });
        return;
      case "app":
        for (const actor of this.actors) {
          if (actor !== from)
            this.tell(actor, { t: "app", epoch: message.epoch, message: message.message, from: from.identity });
        }
        return;
      case "log":
        this.tell(from, { t: "log", id: message.id, commits: this.log.filter(([epoch]) => epoch >= message.from) });
        return;
      case "state":
        this.tell(from, this.standing(from));
        return;
      case "ready":
        return;
    }
  }
}

/** Anna, who hosts, and those who come in to her one after the other. */
export function meeting(...guests: readonly string[]) {
  const server = new TruthfulServer();
  const anna = new Actor("anna", { host: true });
  server.connect(anna);
  const others = guests.map((name) => new Actor(name));
  for (const guest of others) {
    server.connect(guest);
    server.pass(3_000);
  }
  return { server, anna, others };
}

/** What the groups of these actors have gone through: one entry when they agree. */
export const histories = (actors: readonly Actor[]) => new Set(actors.map(({ mls }) => mls.state?.history));
