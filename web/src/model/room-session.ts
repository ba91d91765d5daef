/**
 * One visit to a room, from the first look to the last word: look → pre-join → wait → call → end.
 *
 * It asks the ports and says where the visitor stands; it draws nothing. The seat key is made once for a room and kept,
 * so that a reload comes back to the same seat.
 */

import { type Arrival, type Caller, type Entry, Failure, type Role, type RoomId, type SeatKey } from "../types/room";
import type { EndReason } from "./call";
import type { EncryptionState } from "./encryption";
import { Invitations } from "./invitations";
import { type RoomPlace, withSecret } from "./link";
import { Cell, type Observable } from "./observable";
import { DeviceDesk } from "./own-devices";
import { tidyName } from "./person-name";
import { Porter } from "./porter";
import type { LiveCall, PolicyChange, Ports } from "./ports";
import type { PreferenceBook } from "./preferences";
import { type Trouble, troubleOf } from "./trouble";
import { VisitEncryption } from "./visit-encryption";

export { type Trouble, troubleOf } from "./trouble";

export type Stand =
  | { readonly at: "looking" }
  | { readonly at: "nowhere"; readonly trouble: Trouble }
  | { readonly at: "pre-join"; readonly joining: boolean; readonly trouble: Trouble | null }
  | { readonly at: "waiting" }
  | { readonly at: "denied" }
  | { readonly at: "expired" }
  | { readonly at: "call"; readonly call: LiveCall }
  | { readonly at: "ended"; readonly reason: EndReason };

export interface Visit {
  readonly stand: Stand;
  readonly role: Role;
  readonly people: number | null;
  /** Who is at the door, for a host. */
  readonly knocks: readonly Caller[];
  /** Who came in by a personal invitation, until the host has seen it. */
  readonly arrivals: readonly Arrival[];
  /** Why the last answer to a knock did not arrive; null once one has. */
  readonly answerTrouble: Trouble | null;
  /** True when this seat was in the room before: its microphone starts muted. */
  readonly returning: boolean;
}

// The server lets a knock live for ten minutes; after that somebody should decide to go on.
const PATIENCE_MS = 9 * 60_000;
// A door that throws one out sooner than this would do so for ever.
const SHORTEST_WAIT_MS = 5_000;
/** How often the server is told of a policy before a host hears of it. */
const MOST_TRIES = 3;

export class RoomSession {
  readonly room: RoomId;
  readonly desk: DeviceDesk;
  /** For a host of an encrypted room. */
  readonly invitations: Invitations;
  readonly #link: Cell<RoomPlace>;
  readonly #encryption: VisitEncryption;
  readonly #porter: Porter;
  readonly #cell: Cell<Visit>;
  readonly #seat: SeatKey;
  #door: (() => void) | null = null;
  #unwatchCall: (() => void) | null = null;
  #closed = false;
  #name = "";
  #askedAt = 0;
  #knockedAt = 0;

  constructor(
    place: RoomPlace,
    private readonly ports: Ports,
    private readonly book: PreferenceBook,
  ) {
    const { room } = place;
    this.room = room;
    this.#link = new Cell(place);
    const kept = ports.keepsakes.read(seatName(room));
    this.#seat = (kept as SeatKey | null) ?? ports.drawSeatKey();
    if (kept === null) ports.keepsakes.write(seatName(room), this.#seat);
    const returning = ports.keepsakes.read(enteredName(room)) !== null;
    this.#cell = new Cell<Visit>({
      stand: { at: "looking" },
      role: "stranger",
      people: null,
      knocks: [],
      arrivals: [],
      answerTrouble: null,
      returning,
    });
    const { microphone, camera } = book.get();
    this.desk = new DeviceDesk(ports.devices, book, { microphone: microphone && !returning, camera });
    this.#encryption = new VisitEncryption(place, ports, (secret) => this.#linkIsNew(secret));
    this.invitations = new Invitations(ports.keepsakes, place, () => this.#encryption.keys);
    this.#porter = new Porter(
      ports.rooms,
      room,
      this.#seat,
      () => this.#encryption.keys,
      this.invitations,
      ({ arrived, ...change }) => {
        const visit = this.#cell.get();
        const arrivals = arrived === undefined ? visit.arrivals : [...visit.arrivals, arrived];
        this.#cell.set({ ...visit, ...change, arrivals });
      },
    );
  }

  /** Where the visit is, under the link in force: hosts can change it during a call. */
  get link(): Observable<RoomPlace> {
    return this.#link;
  }

  /** How well the visit is sealed, from the first look to the end. */
  get encryption(): Observable<EncryptionState> {
    return this.#encryption.state;
  }

  alarmsSeen(): void {
    this.#encryption.alarmsSeen();
  }

  get visit(): Observable<Visit> {
    return this.#cell;
  }

  /**
   * Learns who one is in this room and whether it is the room of the link, and turns the host's claim, where there is one, into
   * this seat's right.
   */
  async look(claim: string | null): Promise<void> {
    if (this.ports.unfit !== null) return this.#stand({ at: "nowhere", trouble: { code: this.ports.unfit } });
    this.#stand({ at: "looking" });
    try {
      let look = await this.ports.rooms.look(this.room, this.#seat);
      await this.#encryption.judge(look);
      if (this.#closed) return this.#encryption.close();
      const spent = claim === null ? null : await this.#claim(claim);
      if (claim !== null) look = await this.ports.rooms.look(this.room, this.#seat);
      this.#cell.set({ ...this.#cell.get(), role: look.role, people: look.people });
      this.#stand({ at: "pre-join", joining: false, trouble: spent });
    } catch (error) {
      this.#stand({ at: "nowhere", trouble: troubleOf(error) });
    }
  }

  /** A spent or unknown claim does not shut the room: one can still come in as a guest, knowing why. */
  async #claim(claim: string): Promise<Trouble | null> {
    try {
      await this.ports.rooms.claim(this.room, claim, this.#seat, this.#encryption.keys?.identity ?? null);
      return null;
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble.code !== "claim_used" && trouble.code !== "claim_unknown") throw error;
      return trouble;
    }
  }

  /**
   * From a click on Join: opens the devices one wishes, then enters or knocks. `usual` is what somebody without a name
   * is called: nobody is kept out for lack of one.
   */
  async join(typedName: string, usual: string): Promise<void> {
    if (this.#cell.get().stand.at === "call") return;
    const name = tidyName(typedName);
    this.book.change({ name });
    this.#name = name || usual;
    this.#askedAt = Date.now();
    this.#stand({ at: "pre-join", joining: true, trouble: null });
    this.ports.call.prepare();
    await this.desk.try();
    await this.#enter();
  }

  /** Knocks once more after nobody answered. */
  async askAgain(): Promise<void> {
    this.#askedAt = Date.now();
    await this.#enter();
  }

  /** Takes the knock back, and the visitor to the screen before. */
  stopWaiting(): void {
    this.#shutDoor();
    this.#stand({ at: "pre-join", joining: false, trouble: null });
  }

  async admit(knock: string): Promise<void> {
    await this.#porter.admit(knock);
  }

  async deny(knock: string): Promise<void> {
    await this.#porter.deny(knock);
  }

  async admitAll(): Promise<void> {
    await this.#porter.admitAll();
  }

  arrivalsSeen(): void {
    this.#cell.set({ ...this.#cell.get(), arrivals: [] });
  }

  /** For a host: nobody comes in by this invitation any more. Who is inside stays. */
  async revokeInvitation(id: string): Promise<void> {
    this.invitations.revoke(id);
    await this.#porter.lookAgain();
  }

  /**
   * For a host: takes keys and seat from somebody for good, and with `newLink` the way back by the link from everybody who is not in
   * the call. The keys change even when the server refuses the rest. What failed, or null.
   */
  async remove(identity: string, newLink: boolean): Promise<Trouble | null> {
    const { keys } = this.#encryption;
    this.invitations.revokeOf(identity);
    const done = await Promise.allSettled([
      keys === null ? null : this.changePolicy({ ban: identity, newLink }),
      this.ports.rooms.remove(this.room, identity, this.#seat),
    ]);
    const failed = done.find((one) => one.status === "rejected");
    return failed === undefined ? null : troubleOf(failed.reason);
  }

  /** For a host: puts another policy in force, in the group and then at the server. Rejects with a Failure. */
  async changePolicy(change: PolicyChange): Promise<void> {
    const { keys } = this.#encryption;
    if (keys === null) throw new Failure("request_invalid");
    const changed = await keys.changePolicy(change);
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.ports.rooms.changePolicy(this.room, changed, this.#seat);
      } catch (error) {
        const { code } = troubleOf(error);
        // A later one is known there already.
        if (code === "policy_stale") return;
        if (code !== "server_unreachable" || tries === MOST_TRIES) throw error;
      }
    }
  }

  #linkIsNew(secret: string): void {
    const place = this.#link.get();
    if (place.keys === null || place.keys.secret === secret) return;
    this.#link.set(withSecret(place, secret));
    this.#porter.linkIsNew();
  }

  /** Leaves whatever there is to leave, and closes every device. */
  close(): void {
    this.#closed = true;
    this.#shutDoor();
    this.#unwatchCall?.();
    const { stand } = this.#cell.get();
    if (stand.at === "call") void stand.call.leave();
    this.#encryption.close();
    this.desk.close();
  }

  async #enter(): Promise<void> {
    try {
      const entry = await this.#ask();
      if (this.#closed) return;
      if (entry.state === "denied") {
        this.#shutDoor();
        this.desk.close();
        return this.#stand({ at: "denied" });
      }
      if (entry.state === "waiting") {
        this.#knockedAt = Date.now();
        this.#openDoor();
        return this.#stand({ at: "waiting" });
      }
      this.#shutDoor();
      const { returning } = this.#cell.get();
      await this.#encryption.enter(entry.ticket, this.#name, returning, () => this.#freshToken());
      if (this.#closed) return;
      const call = await this.ports.call.join(entry.ticket, this.desk.bring(), this.#encryption.keys);
      if (this.#closed) return void call.leave();
      this.ports.keepsakes.write(enteredName(this.room), "yes");
      this.#cell.set({ ...this.#cell.get(), role: entry.ticket.role, returning: true });
      this.#follow(call);
      if (entry.ticket.role === "host") this.#openDoor();
    } catch (error) {
      if (this.#closed) return;
      this.#shutDoor();
      this.#stand({ at: "pre-join", joining: false, trouble: troubleOf(error) });
    }
  }

  async #ask(): Promise<Entry> {
    return this.ports.rooms.enter(this.room, this.#seat, await this.#encryption.visitor(this.#name));
  }

  async #freshToken(): Promise<string | null> {
    const entry = await this.#ask().catch(() => null);
    return entry?.state === "admitted" ? entry.ticket.token : null;
  }

  #follow(call: LiveCall): void {
    this.#stand({ at: "call", call });
    this.#unwatchCall = call.state.watch(() => {
      const { link } = call.state.get();
      if (link.state !== "ended") return;
      this.#unwatchCall?.();
      this.#shutDoor();
      this.#encryption.close();
      this.desk.close();
      this.#cell.set({ ...this.#cell.get(), knocks: [] });
      this.#stand({ at: "ended", reason: link.reason });
    });
  }

  #openDoor(): void {
    this.#shutDoor();
    this.#door = this.ports.door.listen(
      this.room,
      this.#seat,
      (message) => {
        if (message.type === "knocks") void this.#porter.heard(message.knocks);
        else if (message.type === "admitted") this.#answered(() => void this.#enter());
        else if (message.type === "denied") this.#answered(() => this.#turnedAway("denied"));
        else if (message.type === "expired") this.#answered(() => this.#ranOut());
      },
      () => this.#answered(() => this.#turnedAway("expired")),
    );
  }

  /** An answer counts only while one waits: the same door serves a host inside the call. */
  #answered(then: () => void): void {
    if (this.#cell.get().stand.at !== "waiting") return;
    this.#shutDoor();
    then();
  }

  /** A knock dies early when its door was out of reach for a while. Who still waits then knocks again by itself. */
  #ranOut(): void {
    const now = Date.now();
    if (now - this.#askedAt < PATIENCE_MS && now - this.#knockedAt > SHORTEST_WAIT_MS) void this.#enter();
    else this.#turnedAway("expired");
  }

  #turnedAway(at: "denied" | "expired"): void {
    if (at === "denied") this.desk.close();
    this.#stand({ at });
  }

  #shutDoor(): void {
    this.#door?.();
    this.#door = null;
  }

  #stand(stand: Stand): void {
    if (!this.#closed) this.#cell.set({ ...this.#cell.get(), stand });
  }
}

function seatName(room: RoomId): string {
  return `huisclos.seat.${room}`;
}

function enteredName(room: RoomId): string {
  return `huisclos.entered.${room}`;
}
