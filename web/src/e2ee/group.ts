/**
 * One member's way through the group: messages and time in, messages and keys out. The server orders commits and may lie;
 * MLS decides what is valid; this decides what to do next. No clock, no socket, no randomness of its own.
 *
 * joining → active ⇄ committing; active → recovering → active; any → left | failed. A commit is merged only for the epoch one
 * is in, once, after MLS has judged it; keys are handed out only for an epoch that was merged.
 */

import type { AlarmKind } from "../model/encryption";
import { type Bytes, same } from "./bytes";
import type { FromServer, Standing, ToServer } from "./delivery-frames";
import type { GroupAction, GroupEvent, GroupTerms } from "./group-events";
import { KeyTurns } from "./key-turns";
import { type Change, type Leaf, type Mls, MlsError } from "./mls";
import { rankOf, Wants } from "./wants";

export type Phase = "joining" | "active" | "committing" | "recovering" | "left" | "failed";

interface Pending {
  readonly kind: "create" | "commit" | "external";
  readonly id: number;
  readonly base: number;
  readonly message: Extract<ToServer, { t: "create" | "commit" }>;
  readonly since: number;
}

const ADD_PATIENCE_MS = 1_000;
const ANSWER_PATIENCE_MS = 3_000;
const STANDING_PATIENCE_MS = 1_000;
const OWN_LEAF_PATIENCE_MS = 2_000;
const SECOND_FAILURE_MS = 30_000;
const MOST_TRIES = 8;

export class Group {
  #phase: Phase = "joining";
  #epoch: number | null = null;
  #groupId: Bytes | null = null;
  #leaf = 0;
  #restoreRefused = false;
  #roster: readonly Leaf[] = [];
  #online: ReadonlySet<string> = new Set();
  #connected = false;
  #pending: Pending | null = null;
  #asked: { readonly what: "add" | "standing" | "log"; readonly id: number; readonly by: number } | null = null;
  #retryAt: number | null = null;
  #tries = 0;
  #troubleAt = Number.NEGATIVE_INFINITY;
  #ids = 0;
  #standingSeen: Standing | null = null;
  readonly #turns = new KeyTurns();
  readonly #wants = new Wants();
  #actions: GroupAction[] = [];

  constructor(
    private readonly mls: Mls,
    private readonly terms: GroupTerms,
    private readonly random: () => number,
  ) {}

  get phase(): Phase {
    return this.#phase;
  }

  /** When to send a tick at the latest, in the milliseconds of `now`. */
  get wakeAt(): number {
    if (this.#over) return Number.POSITIVE_INFINITY;
    return Math.min(
      this.#asked?.by ?? Number.POSITIVE_INFINITY,
      this.#pending === null ? Number.POSITIVE_INFINITY : this.#pending.since + ANSWER_PATIENCE_MS,
      this.#commitAt,
      this.#turns.wakeAt,
    );
  }

  handle(event: GroupEvent, now: number): readonly GroupAction[] {
    this.#actions = [];
    if (!this.#over) {
      this.#take(event, now);
      this.#keepTime(now);
    }
    return this.#actions;
  }

  get #over(): boolean {
    return this.#phase === "left" || this.#phase === "failed";
  }

  get #member(): boolean {
    return this.#phase === "active" || this.#phase === "committing";
  }

  get #commitAt(): number {
    if (!this.#connected || this.#phase !== "active" || this.#asked?.what === "log") return Number.POSITIVE_INFINITY;
    const rank = rankOf(this.terms.identity, this.#roster, this.#online);
    return Math.max(this.#wants.dueAt(rank), this.#retryAt ?? Number.NEGATIVE_INFINITY);
  }

  #take(event: GroupEvent, now: number): void {
    switch (event.type) {
      case "message":
        this.#hear(event.message, now);
        return;
      case "lost":
        this.#connected = false;
        this.#asked = null;
        return;
      case "remove":
        if (this.terms.host && this.#member) this.#wants.remove(event.identity, now);
        return;
      case "say":
        this.#say(event.payload);
        return;
      case "leave":
        this.#leave();
        return;
      case "fail":
        this.#fail(event.kind);
        return;
      case "tick":
        return;
    }
  }

  #hear(message: FromServer, now: number): void {
    switch (message.t) {
      case "state":
        this.#standing(message, now);
        return;
      case "people":
        this.#online = new Set(message.people);
        return;
      case "commit":
        this.#commit(message.epoch, message.commit, now);
        return;
      case "log":
        if (this.#asked?.what !== "log" || this.#asked.id !== message.id) return;
        this.#asked = null;
        for (const [epoch, commit] of message.commits) this.#commit(epoch, commit, now);
        return;
      case "gap":
        if (this.#asked?.what === "log" && this.#asked.id === message.id) this.#recover(now);
        return;
      case "welcome":
        this.#welcome(message.welcome, now);
        return;
      case "propose":
        this.#proposal(message, now);
        return;
      case "join_req":
        if (!this.terms.host || !this.#member || this.#isMember(message.from)) return;
        this.#wants.add(message.from, message.kp, now);
        return;
      case "app":
        this.#app(message.epoch, message.message, message.from, now);
        return;
      case "switch":
        if (this.#member) this.#switch(message.epoch, now);
        return;
      case "ok":
        if (this.#pending?.kind === "create" && this.#pending.id === message.id) this.#created(now);
        return;
      case "refused":
        this.#refused(message.id, message.code, now);
        return;
    }
  }

  // ── Coming in ──────────────────────────────────────────────────────────────────────────────────

  #standing(standing: Standing, now: number): void {
    this.#connected = true;
    this.#online = new Set(standing.people);
    this.#standingSeen = standing;
    if (this.#asked?.what === "standing") this.#asked = null;
    if (this.#member) {
      this.#cameBack(standing, now);
      return;
    }
    if (standing.group === null || standing.info === null || standing.epoch === null) {
      // Only a host may begin; everybody else waits for the standing that tells of the beginning.
      if (this.#pending?.kind === "external") this.#drop();
      if (this.#pending !== null) this.#send(this.#pending.message);
      else if (this.terms.host) this.#create(standing.sender, now);
      return;
    }
    if (this.#pending?.kind === "create" && this.#groupId !== null && same(standing.group, this.#groupId)) {
      this.#created(now);
      return;
    }
    if (this.#pending?.kind === "external" && standing.epoch === this.#pending.base) {
      this.#send(this.#pending.message);
      return;
    }
    this.#drop();
    const someoneMayAdd = standing.people.some((identity) => identity !== this.terms.identity);
    if (this.#phase === "joining" && !this.terms.returning && !this.terms.host && someoneMayAdd && this.#tries === 0) {
      this.#tries = 1;
      this.#asked = { what: "add", id: 0, by: now + ADD_PATIENCE_MS };
      this.#send({ t: "join_req", kp: this.mls.keyPackage() });
    } else if (this.#asked?.what !== "add") this.#joinByOneself(standing.group, standing.info, standing.epoch, now);
  }

  #create(sender: Bytes, now: number): void {
    const { group, epoch, info } = this.mls.create(sender);
    this.#groupId = group;
    const id = this.#nextId();
    this.#sendPending({
      kind: "create",
      id,
      base: epoch,
      since: now,
      message: { t: "create", id, group, epoch, info },
    });
  }

  #created(now: number): void {
    this.#pending = null;
    if (!this.#member) this.#enter({ removed: [] }, true, now);
  }

  #joinByOneself(group: Bytes, info: Bytes, base: number, now: number): void {
    try {
      const { commit, info: next } = this.mls.joinExternal(info);
      const id = this.#nextId();
      this.#groupId = group;
      this.#sendPending({
        kind: "external",
        id,
        base,
        since: now,
        message: { t: "commit", id, epoch: base, commit, info: next, removed: [] },
      });
    } catch (error) {
      // Another tab or an earlier visit of ours is still in the tree: the server will have it removed within seconds.
      if (error instanceof MlsError && error.code === "own_leaf_present") this.#waitForRemoval(now);
      else this.#stumble(now);
    }
  }

  #welcome(welcome: Bytes, now: number): void {
    if (this.#member) return;
    this.#drop();
    this.#asked = null;
    try {
      this.mls.joinWelcome(welcome);
      // The group we asked to be let into.
      this.#groupId = this.#standingSeen?.group ?? null;
    } catch {
      this.#askStanding(now);
      return;
    }
    this.#enter({ removed: [] }, true, now);
  }

  // ── Being in ───────────────────────────────────────────────────────────────────────────────────

  #commit(epoch: number, commit: Bytes, now: number): void {
    if (!this.#member) {
      if (this.#pending?.kind !== "external" || epoch !== this.#pending.base) return;
      if (this.#isOurs(commit)) {
        this.#merge(() => this.mls.accepted(), true, now);
        return;
      }
      this.#drop();
      this.#again(now);
      return;
    }
    if (epoch < (this.#epoch as number)) return;
    if (epoch > (this.#epoch as number)) {
      this.#catchUp(now);
      return;
    }
    if (this.#isOurs(commit)) {
      this.#tries = 0;
      this.#merge(() => this.mls.accepted(), false, now);
      return;
    }
    const lostRace = this.#pending !== null;
    this.#drop();
    this.#merge(
      () => {
        const processed = this.mls.process(commit);
        if (processed.kind !== "commit") throw new Error("not a commit");
        return processed;
      },
      false,
      now,
    );
    if (lostRace) this.#backOff(now);
  }

  #merge(judge: () => Change, afresh: boolean, now: number): void {
    let change: Change;
    try {
      change = judge();
    } catch {
      this.#pending = null;
      this.#act({ do: "alarm", kind: "invalid_change", identity: null });
      if (this.#member) this.#recover(now);
      else this.#stumble(now);
      return;
    }
    if (change.selfRemoved) {
      this.#phase = "left";
      this.#act({ do: "removed", by: change.by });
      return;
    }
    this.#enter(change, afresh, now);
  }

  #enter(change: Pick<Change, "removed">, afresh: boolean, now: number): void {
    const keys = this.mls.keys();
    this.#pending = null;
    this.#asked = null;
    this.#phase = "active";
    this.#epoch = keys.epoch;
    this.#roster = this.mls.roster();
    this.#wants.epoch(this.#roster, this.terms.host, now);
    this.#turns.entered(keys.epoch, afresh, change.removed.length > 0, now);
    this.#act({ do: "install", keys, roster: this.#roster, afresh });
    this.#leaf = keys.selfLeaf;
    this.#restoreRefused = false;
    this.#send({ t: "ready", epoch: keys.epoch, leaf: this.#leaf });
  }

  #switch(epoch: number, now: number): void {
    if (this.#turns.switch(epoch, now)) this.#act({ do: "switch", epoch });
  }

  #proposal({ epoch, proposal, gone }: Extract<FromServer, { t: "propose" }>, now: number): void {
    if (!this.#member || epoch !== this.#epoch) return;
    try {
      const processed = this.mls.process(proposal, gone);
      if (processed.kind === "proposal" && processed.removes !== null) this.#wants.proposed(processed.removes, now);
    } catch {
      this.#act({ do: "alarm", kind: "invalid_change", identity: null });
    }
  }

  #app(epoch: number, message: Bytes, from: string, now: number): void {
    if (!this.#member || from === this.terms.identity) return;
    if (epoch > (this.#epoch as number)) {
      this.#act({ do: "ahead", epoch });
      this.#catchUp(now);
      return;
    }
    try {
      const processed = this.mls.process(message);
      if (processed.kind === "app") this.#act({ do: "said", from: processed.from, payload: processed.payload });
    } catch {
      // Late messages of the epoch before are nobody's fault; in our own epoch every member has our keys.
      if (epoch === this.#epoch && this.#isMember(from)) this.#act({ do: "unreadable", from, epoch });
    }
  }

  #say(payload: Bytes): void {
    if (!this.#member || !this.#connected) return;
    try {
      this.#send({ t: "app", epoch: this.#epoch as number, message: this.mls.sealApp(payload) });
    } catch {
      // MLS keeps silent while a proposal waits for its commit; whoever speaks will speak again.
    }
  }

  // ── Going on when something went wrong ─────────────────────────────────────────────────────────

  #cameBack(standing: Standing, now: number): void {
    const epoch = this.#epoch as number;
    if (standing.epoch === null || standing.group === null || standing.info === null || standing.epoch < epoch) {
      // A server that insists on an older group would have us talk under keys that somebody removed may still have.
      if (this.#restoreRefused) {
        this.#fail("lost_group");
        return;
      }
      // The server has forgotten the meeting; we have not.
      this.#drop();
      const id = this.#nextId();
      const leaves = this.#roster.map(({ identity, leaf }) => [identity, leaf] as const);
      const message = { t: "create", id, group: this.#groupId as Bytes, epoch, info: this.mls.info(), leaves } as const;
      this.#sendPending({ kind: "create", id, base: epoch, since: now, message });
      return;
    }
    if (this.#groupId === null || !same(standing.group, this.#groupId)) {
      this.#recover(now, standing);
      return;
    }
    if (this.#pending?.kind === "create") this.#pending = null;
    if (standing.epoch > epoch) {
      this.#catchUp(now);
      return;
    }
    this.#send({ t: "ready", epoch, leaf: this.#leaf });
    if (this.#pending !== null) this.#send(this.#pending.message);
  }

  #refused(id: number | null, code: string, now: number): void {
    if (this.#pending === null || this.#pending.id !== id) return;
    const { kind } = this.#pending;
    if (kind === "commit") {
      // The winner is on its way to us, or lost: then the log has it.
      this.#drop();
      this.#backOff(now);
      if (code === "conflict") this.#catchUp(now);
      return;
    }
    if (kind === "create" && this.#member) {
      this.#pending = null;
      this.#restoreRefused = true;
    } else this.#drop();
    this.#again(now);
  }

  /** Waits for the standing, in which a new attempt begins. */
  #again(now: number): void {
    if (!this.#member) {
      this.#tries += 1;
      if (this.#tries > MOST_TRIES) {
        this.#fail("lost_group");
        return;
      }
    }
    this.#askStanding(now);
  }

  #askStanding(now: number): void {
    this.#asked = { what: "standing", id: 0, by: now + STANDING_PATIENCE_MS };
    this.#send({ t: "state" });
  }

  #catchUp(now: number): void {
    if (this.#asked?.what === "log") return;
    const id = this.#nextId();
    this.#asked = { what: "log", id, by: now + ANSWER_PATIENCE_MS };
    this.#send({ t: "log", id, from: this.#epoch as number });
  }

  /** One external commit brings us back; a second need for it within half a minute ends the call for us. */
  #recover(now: number, standing: Standing | null = null): void {
    this.#drop();
    if (now - this.#troubleAt < SECOND_FAILURE_MS) {
      this.#fail("lost_group");
      return;
    }
    this.#troubleAt = now;
    this.#phase = "recovering";
    this.#tries = 1;
    this.#act({ do: "returning" });
    if (standing !== null) {
      this.#standing(standing, now);
      return;
    }
    this.#askStanding(now);
  }

  #waitForRemoval(now: number): void {
    this.#asked = { what: "standing", id: 0, by: now + OWN_LEAF_PATIENCE_MS };
  }

  /** What the server gave us to join by was not valid. */
  #stumble(now: number): void {
    if (now - this.#troubleAt < SECOND_FAILURE_MS) {
      this.#fail("lost_group");
      return;
    }
    this.#troubleAt = now;
    this.#askStanding(now);
  }

  #fail(kind: AlarmKind): void {
    this.#phase = "failed";
    this.#pending = null;
    this.#act({ do: "failed", kind });
  }

  #leave(): void {
    if (this.#member && this.#roster.length > 1 && this.#connected) {
      this.#drop();
      try {
        this.#send({ t: "propose", epoch: this.#epoch as number, proposal: this.mls.leave() });
      } catch {
        // The server will propose it when we have been gone for ten seconds.
      }
    }
    this.#phase = "left";
  }

  // ── Time and commits ───────────────────────────────────────────────────────────────────────────

  #keepTime(now: number): void {
    if (this.#over) return;
    const overdue = this.#turns.overdue(now);
    if (overdue !== null) this.#switch(overdue, now);
    for (const epoch of this.#turns.faded(now)) this.#act({ do: "wipe", epoch });
    if (this.#asked !== null && now >= this.#asked.by) this.#unanswered(now);
    if (this.#pending !== null && now >= this.#pending.since + ANSWER_PATIENCE_MS) {
      // The answer went lost, or the commit did: the next hello tells which.
      this.#pending = { ...this.#pending, since: now };
      this.#act({ do: "reopen" });
    }
    if (!this.#over && now >= this.#commitAt) this.#propose(now);
  }

  #unanswered(now: number): void {
    const what = this.#asked?.what;
    this.#asked = null;
    if (what === "log") {
      this.#recover(now);
      return;
    }
    // No host answered: what we last heard of the group is enough to try, and if it is out of date we shall be told.
    if (what === "add" && this.#standingSeen !== null) {
      this.#standing(this.#standingSeen, now);
      return;
    }
    this.#act({ do: "reopen" });
  }

  #propose(now: number): void {
    for (;;) {
      try {
        const { commit, info, welcome, to } = this.mls.commit(this.#wants.wish(now));
        const id = this.#nextId();
        const base = this.#epoch as number;
        const message = {
          t: "commit",
          id,
          epoch: base,
          commit,
          info,
          removed: this.#wants.leaving,
          ...(welcome === null ? {} : { welcome, to }),
        } as const;
        this.#retryAt = null;
        this.#phase = "committing";
        this.#sendPending({ kind: "commit", id, base, since: now, message });
        return;
      } catch {
        if (this.#wants.dropOldestAdd()) continue;
        this.#wants.giveUp(now);
        return;
      }
    }
  }

  #backOff(now: number): void {
    this.#tries += 1;
    const pause = this.#tries > MOST_TRIES ? 1_000 : 50 + this.random() * 350;
    if (this.#tries > MOST_TRIES) this.#tries = 0;
    this.#retryAt = now + pause;
  }

  #sendPending(pending: Pending): void {
    this.#pending = pending;
    this.#send(pending.message);
  }

  /** Takes back what is pending: it lost. */
  #drop(): void {
    if (this.#pending === null) return;
    // A group of our own that nobody wanted is simply replaced by the one we enter.
    if (this.#pending.kind !== "create") this.mls.rejected();
    this.#pending = null;
    if (this.#phase === "committing") this.#phase = "active";
  }

  #isOurs(commit: Bytes): boolean {
    return this.#pending?.message.t === "commit" && same(this.#pending.message.commit, commit);
  }

  #isMember(identity: string): boolean {
    return this.#roster.some((leaf) => leaf.identity === identity);
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #send(message: ToServer): void {
    this.#act({ do: "send", message });
  }

  #act(action: GroupAction): void {
    this.#actions.push(action);
  }
}
