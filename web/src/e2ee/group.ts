/**
 * One member's way through the group: messages and time in, messages and keys out. The server orders commits and may lie;
 * MLS decides what is valid; this decides what to do next. No clock, no socket, no randomness of its own.
 *
 * joining → active ⇄ committing; active → recovering → active; any → left | failed. A commit is merged only for the epoch one
 * is in, once, after MLS has judged it; keys are handed out only for an epoch that was merged.
 *
 * Longer than 500 lines because any message can meet the machine in any of its states: parts of it would have to share them all.
 */

import type { AlarmKind } from "../model/encryption";
import { type Bytes, same } from "./bytes";
import type { FromServer, Standing, ToServer } from "./delivery-frames";
import type { GovernedChange, GroupAction, GroupEvent, GroupTerms } from "./group-events";
import { KeyTurns } from "./key-turns";
import { type Change, type Leaf, type Mls, MlsError } from "./mls";
import { linkWord, NewLink, readLinkWord } from "./new-link";
import { type Pending, type Question, Underway } from "./underway";
import { rankOf, Wants } from "./wants";

export type Phase = "joining" | "active" | "committing" | "recovering" | "left" | "failed";

const SECOND_FAILURE_MS = 30_000;

export class Group {
  #phase: Phase = "joining";
  #epoch: number | null = null;
  #groupId: Bytes | null = null;
  #leaf = 0;
  #restoreRefused = false;
  #roster: readonly Leaf[] = [];
  #online: ReadonlySet<string> = new Set();
  #connected = false;
  #troubleAt = Number.NEGATIVE_INFINITY;
  #standingSeen: Standing | null = null;
  readonly #underway = new Underway();
  readonly #turns = new KeyTurns();
  readonly #wants = new Wants();
  readonly #newLink = new NewLink();
  /** S of the link in force, as far as it is known. */
  #secret: Bytes;
  #policySeq = 0;
  /** Is our name in the tree sealed with a link that is out of force? */
  #nameStale = false;
  #actions: GroupAction[] = [];

  constructor(
    private readonly mls: Mls,
    private readonly terms: GroupTerms,
    private readonly random: () => number,
  ) {
    this.#secret = terms.secret;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether a new link's secret is still to come: until then others may go on without us. */
  get awaitsLink(): boolean {
    return this.#newLink.awaited;
  }

  /** When to send a tick at the latest, in the milliseconds of `now`. */
  get wakeAt(): number {
    if (this.#over) return Number.POSITIVE_INFINITY;
    return Math.min(this.#underway.wakeAt, this.#commitAt, this.#turns.wakeAt, this.#newLink.wakeAt);
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

  get #pending(): Pending | null {
    return this.#underway.pending;
  }

  get #member(): boolean {
    return this.#phase === "active" || this.#phase === "committing";
  }

  get #commitAt(): number {
    if (!this.#connected || this.#phase !== "active" || this.#underway.question === "log" || this.#newLink.awaited)
      return Number.POSITIVE_INFINITY;
    const rank = rankOf(this.terms.identity, this.#roster, this.#online);
    return Math.max(this.#wants.dueAt(rank), this.#underway.retryAt);
  }

  #take(event: GroupEvent, now: number): void {
    switch (event.type) {
      case "message":
        this.#hear(event.message, now);
        return;
      case "lost":
        this.#connected = false;
        this.#underway.forgetQuestion();
        return;
      case "govern":
        if (this.terms.host && this.#member && this.#wants.governed === null) this.#wants.govern(event.change, now);
        else this.#act({ do: "governed", change: event.change, outcome: "refused" });
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
        if (!this.#underway.answered("log", message.id)) return;
        for (const [epoch, commit] of message.commits) this.#commit(epoch, commit, now);
        // A long log comes in pages.
        if (this.#member && message.commits.length > 0 && (this.#standingSeen?.epoch ?? 0) > (this.#epoch as number)) {
          this.#catchUp(now);
        }
        return;
      case "gap":
        if (this.#underway.answered("log", message.id)) this.#recover(now);
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
        if (this.#pending?.kind === "create" && this.#pending.message.id === message.id) this.#created(now);
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
    if (this.#underway.question !== "add" && this.#underway.question !== "log") this.#underway.forgetQuestion();
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
    if (
      this.#phase === "joining" &&
      !this.terms.returning &&
      !this.terms.host &&
      someoneMayAdd &&
      this.#underway.tries === 0
    ) {
      this.#underway.tries = 1;
      this.#underway.ask("add", now);
      this.#send({ t: "join_req", kp: this.mls.keyPackage() });
    } else if (this.#underway.question !== "add")
      this.#joinByOneself(standing.group, standing.info, standing.epoch, now);
  }

  #create(sender: Bytes, now: number): void {
    const { group, epoch, info } = this.mls.create(sender);
    this.#groupId = group;
    this.#attempt("create", { t: "create", id: this.#underway.nextId(), group, epoch, info }, now);
  }

  #created(now: number): void {
    this.#underway.pending = null;
    if (!this.#member) this.#enter({ removed: [] }, true, now);
  }

  #joinByOneself(group: Bytes, info: Bytes, base: number, now: number): void {
    try {
      const { commit, info: next } = this.mls.joinExternal(info);
      this.#groupId = group;
      const id = this.#underway.nextId();
      this.#attempt("external", { t: "commit", id, epoch: base, commit, info: next, removed: [] }, now);
    } catch (error) {
      // Another tab or an earlier visit of ours is still in the tree: the server will have it removed within seconds.
      if (error instanceof MlsError && error.code === "own_leaf_present") this.#underway.ask("removal", now);
      else this.#stumble(now);
    }
  }

  #welcome(welcome: Bytes, now: number): void {
    if (this.#member) return;
    this.#drop();
    this.#underway.forgetQuestion();
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
      if (this.#underway.isOurs(commit)) {
        this.#merge(() => this.mls.accepted(), true, now);
        return;
      }
      this.#drop();
      this.#again(now);
      return;
    }
    if (epoch < (this.#epoch as number)) return;
    if (this.#newLink.awaited) {
      if (!this.#newLink.hold(epoch, commit)) this.#fail("lost_group");
      return;
    }
    if (epoch > (this.#epoch as number)) {
      this.#catchUp(now);
      return;
    }
    if (this.#underway.isOurs(commit)) {
      this.#underway.tries = 0;
      this.#mergeOurs(now);
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
    if (lostRace) this.#underway.backOff(this.random(), now);
  }

  /** Our own commit counts, and with it what it did to the policy. */
  #mergeOurs(now: number): void {
    const { governed, renews } = this.#pending ?? {};
    this.#merge(() => this.mls.accepted(), false, now);
    if (!this.#member) return;
    if (renews === true && !governed?.secret) {
      this.#nameStale = false;
      this.#wants.resealed();
    }
    if (governed === undefined) return;
    this.#wants.forgetGoverned();
    if (governed.secret !== null) {
      this.#linkIsNew(governed.secret);
      this.#say(linkWord({ gen: this.mls.policy().gen, secret: governed.secret }));
    }
    this.#act({ do: "governed", change: governed, outcome: "done" });
  }

  #merge(judge: () => Change, afresh: boolean, now: number): void {
    let change: Change;
    try {
      change = judge();
    } catch {
      this.#underway.pending = null;
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

  #enter(change: Pick<Change, "removed"> & Partial<Change>, afresh: boolean, now: number): void {
    const keys = this.mls.keys();
    this.#underway.pending = null;
    this.#underway.forgetQuestion();
    this.#phase = "active";
    this.#epoch = keys.epoch;
    this.#roster = this.mls.roster();
    this.#wants.epoch(this.#roster, this.terms.host, now);
    this.#turns.entered(keys.epoch, afresh, change.removed.length > 0, now);
    this.#act({ do: "install", keys, roster: this.#roster, afresh });
    this.#leaf = keys.selfLeaf;
    this.#restoreRefused = false;
    this.#send({ t: "ready", epoch: keys.epoch, leaf: this.#leaf });
    this.#obey(now);
    // Who came back by ourselves has sealed the name with the link in force.
    if (afresh) this.#nameStale = false;
    else if (this.#nameStale && (change.added ?? []).length > 0) this.#wants.reseal(now);
  }

  /** What the policy in force asks of us. */
  #obey(now: number): void {
    const policy = this.mls.policy();
    if (policy.seq !== this.#policySeq) this.#act({ do: "policy", policy, secret: null });
    this.#policySeq = policy.seq;
    if (policy.secretKnown) this.#newLink.end();
    else this.#newLink.await(now);
  }

  #linkIsNew(secret: Bytes): void {
    this.#secret = secret;
    this.#nameStale = true;
    this.#act({ do: "policy", policy: this.mls.policy(), secret });
  }

  /** A host said the secret of a new link, or a member asks for it. */
  #linkWord(gen: number, secret: Bytes | null, byHost: boolean, now: number): void {
    const policy = this.mls.policy();
    if (gen !== policy.gen) return;
    if (secret === null) {
      if (this.terms.host && policy.secretKnown && this.#newLink.mayAnswer(now)) {
        this.#say(linkWord({ gen, secret: this.#secret }));
      }
      return;
    }
    if (!byHost || policy.secretKnown) return;
    try {
      this.mls.newSecret(secret);
    } catch {
      // It is not the one that opens the policy.
      return;
    }
    this.#linkIsNew(secret);
    for (const [epoch, commit] of this.#newLink.end()) if (this.#member) this.#commit(epoch, commit, now);
  }

  #switch(epoch: number, now: number): void {
    if (this.#turns.switch(epoch, now)) this.#act({ do: "switch", epoch });
  }

  #proposal({ epoch, proposal, gone }: Extract<FromServer, { t: "propose" }>, now: number): void {
    if (!this.#member || epoch !== this.#epoch) return;
    // The server may have those removed who are gone, and nobody else.
    if (gone !== null && this.#online.has(gone)) return;
    try {
      const processed = this.mls.process(proposal, gone);
      if (processed.kind === "proposal" && processed.removes !== null) this.#wants.proposed(processed.removes, now);
    } catch {
      // It changes nothing and nobody will commit it.
    }
  }

  #app(epoch: number, message: Bytes, from: string, now: number): void {
    if (!this.#member || from === this.terms.identity) return;
    if (epoch > (this.#epoch as number)) {
      if (this.#newLink.awaited) return;
      this.#act({ do: "ahead", epoch });
      this.#catchUp(now);
      return;
    }
    try {
      const processed = this.mls.process(message);
      if (processed.kind !== "app") return;
      const word = readLinkWord(processed.payload);
      if (word === null) this.#act({ do: "said", from: processed.from, payload: processed.payload });
      else this.#linkWord(word.gen, word.secret, processed.role === "host", now);
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
      const leaves = this.#roster.map(({ identity, leaf }) => [identity, leaf] as const);
      const id = this.#underway.nextId();
      const group = this.#groupId as Bytes;
      this.#attempt("create", { t: "create", id, group, epoch, info: this.mls.info(), leaves }, now);
      return;
    }
    if (this.#groupId === null || !same(standing.group, this.#groupId)) {
      this.#recover(now, standing);
      return;
    }
    if (this.#pending?.kind === "create") this.#underway.pending = null;
    if (standing.epoch > epoch) {
      this.#catchUp(now);
      return;
    }
    this.#send({ t: "ready", epoch, leaf: this.#leaf });
    if (this.#pending !== null) this.#send(this.#pending.message);
  }

  #refused(id: number | null, code: string, now: number): void {
    if (this.#pending === null || this.#pending.message.id !== id) return;
    const { kind } = this.#pending;
    if (kind === "commit") {
      // The winner is on its way to us, or lost: then the log has it.
      this.#drop();
      this.#underway.backOff(this.random(), now);
      if (code === "conflict") this.#catchUp(now);
      return;
    }
    if (kind === "create" && this.#member) {
      this.#underway.pending = null;
      this.#restoreRefused = true;
    } else this.#drop();
    this.#again(now);
  }

  /** Waits for the standing, in which a new attempt begins. */
  #again(now: number): void {
    if (!this.#member) {
      this.#underway.tries += 1;
      if (this.#underway.tooManyTries) {
        this.#fail("lost_group");
        return;
      }
    }
    this.#askStanding(now);
  }

  #askStanding(now: number): void {
    this.#underway.ask("standing", now);
    this.#send({ t: "state" });
  }

  #catchUp(now: number): void {
    if (this.#underway.question === "log") return;
    this.#send({ t: "log", id: this.#underway.ask("log", now), from: this.#epoch as number });
  }

  /** One external commit brings us back; a second need for it within half a minute ends the call for us. */
  #recover(now: number, standing: Standing | null = null): void {
    this.#drop();
    this.#newLink.end();
    if (now - this.#troubleAt < SECOND_FAILURE_MS) {
      this.#fail("lost_group");
      return;
    }
    this.#troubleAt = now;
    this.#phase = "recovering";
    this.#underway.tries = 1;
    this.#act({ do: "returning" });
    if (standing !== null) {
      this.#standing(standing, now);
      return;
    }
    this.#askStanding(now);
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
    this.#underway.pending = null;
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
    const unanswered = this.#underway.unanswered(now);
    if (unanswered !== null) this.#unanswered(unanswered, now);
    // The answer went lost, or the commit did: the next hello tells which.
    if (this.#underway.overdue(now)) this.#act({ do: "reopen" });
    const due = this.#member ? this.#newLink.due(now) : null;
    if (due === "ask") this.#say(linkWord({ gen: this.mls.policy().gen, secret: null }));
    // Without it no commit can be judged any more, and no way leads back in but the new link itself.
    if (due === "give up") this.#fail("lost_group");
    if (!this.#over && now >= this.#commitAt) this.#propose(now);
  }

  #unanswered(what: Question, now: number): void {
    if (what === "log") {
      this.#recover(now);
      return;
    }
    // No host answered: what we last heard of the group is enough to try, and if it is out of date we shall be told.
    if (what === "add" && this.#standingSeen !== null) {
      this.#standing(this.#standingSeen, now);
      return;
    }
    if (what === "removal") this.#askStanding(now);
    else this.#act({ do: "reopen" });
  }

  #propose(now: number): void {
    const { governed } = this.#wants;
    if (governed !== null && governed.follows !== this.mls.policy().seq) {
      this.#cannotGovern(governed, "stale");
      if (now < this.#commitAt) return;
    }
    for (;;) {
      try {
        const members = this.#roster.map(({ identity }) => identity);
        const wish = this.#wants.wish(members, now);
        const { commit, info, welcome, to } = this.mls.commit(wish);
        const message = {
          t: "commit",
          id: this.#underway.nextId(),
          epoch: this.#epoch as number,
          commit,
          info,
          removed: this.#wants.leaving(members),
          ...(welcome === null ? {} : { welcome, to }),
        } as const;
        this.#phase = "committing";
        this.#attempt("commit", message, now, { renews: wish.update, governed: this.#wants.governed ?? undefined });
        return;
      } catch {
        const { governed } = this.#wants;
        if (governed !== null) {
          this.#cannotGovern(governed, "refused");
          return;
        }
        if (this.#wants.dropOldestAdd()) continue;
        this.#wants.giveUp(now);
        return;
      }
    }
  }

  #cannotGovern(change: GovernedChange, outcome: "stale" | "refused"): void {
    this.#wants.forgetGoverned();
    this.#act({ do: "governed", change, outcome });
  }

  #attempt(
    kind: Pending["kind"],
    message: Pending["message"],
    now: number,
    does: Pick<Pending, "renews" | "governed"> = {},
  ): void {
    this.#underway.pending = { kind, base: message.epoch, message, since: now, ...does };
    this.#send(message);
  }

  /** Takes back what is pending: it lost. */
  #drop(): void {
    if (this.#pending === null) return;
    // A group of our own that nobody wanted is simply replaced by the one we enter.
    if (this.#pending.kind !== "create") this.mls.rejected();
    this.#underway.pending = null;
    if (this.#phase === "committing") this.#phase = "active";
  }

  #isMember(identity: string): boolean {
    return this.#roster.some((leaf) => leaf.identity === identity);
  }

  #send(message: ToServer): void {
    this.#act({ do: "send", message });
  }

  #act(action: GroupAction): void {
    this.#actions.push(action);
  }
}
