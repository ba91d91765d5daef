/**
 * A host's hands at the door: reads the cards of those who knock, and answers. In an encrypted room a name counts only when the
 * card shows that whoever gave it has the link, or an invitation; a card that does not can only be refused. The first one with a
 * personal invitation is let in at once, and the host is told.
 */

import { type Arrival, type Caller, Failure, type Knock, type RoomId, type SeatKey } from "../types/room";
import type { Invitations } from "./invitations";
import type { RoomEncryption, RoomsPort } from "./ports";
import { type Trouble, troubleOf } from "./trouble";

/** What a card says once it has been opened. */
interface Shown {
  readonly name: string;
  readonly invitation: string | null;
}

export class Porter {
  #knocks: readonly Knock[] = [];
  #callers: readonly Caller[] = [];
  // A card is opened once: the same one comes with every change of the list.
  readonly #shown = new Map<string, Shown | null>();
  // Those on their way in by an invitation, whom no list needs to show.
  readonly #coming = new Set<string>();

  constructor(
    private readonly rooms: RoomsPort,
    private readonly room: RoomId,
    private readonly seat: SeatKey,
    private readonly encryption: () => RoomEncryption | null,
    private readonly invitations: Invitations,
    private readonly onChange: (change: {
      readonly knocks?: readonly Caller[];
      readonly answerTrouble?: Trouble | null;
      readonly arrived?: Arrival;
    }) => void,
  ) {}

  /** The server's new list of who is at the door. */
  async heard(knocks: readonly Knock[]): Promise<void> {
    this.#knocks = knocks;
    const callers: Caller[] = [];
    for (const knock of knocks) {
      const shown = await this.#opened(knock);
      // A newer list may have come meanwhile.
      if (this.#knocks !== knocks) return;
      if (shown?.invitation != null) this.#meet(knock, shown.name, shown.invitation);
      if (!this.#coming.has(knock.id)) callers.push(this.#caller(knock, shown));
    }
    this.#callers = callers;
    this.onChange({ knocks: callers });
  }

  /** An invitation was revoked: who shows it stands differently now. */
  async lookAgain(): Promise<void> {
    await this.heard([...this.#knocks]);
  }

  /** The link has changed: a card counts only if it was made with the new one, or with an invitation. */
  linkIsNew(): void {
    this.#shown.clear();
    void this.lookAgain();
  }

  /** None of the answers rejects: what came of them is told. */
  async admit(id: string): Promise<void> {
    const knock = this.#knocks.find((one) => one.id === id);
    await this.#answer(async () => {
      const certificate = knock === undefined ? null : await this.#certificate(knock);
      await this.rooms.admit(this.room, id, this.seat, certificate);
    });
  }

  async deny(id: string): Promise<void> {
    await this.#answer(() => this.rooms.deny(this.room, id, this.seat));
  }

  /** Everybody, in an encrypted room everybody whose card could be read and whose invitation was not revoked. */
  async admitAll(): Promise<void> {
    await this.#answer(() => this.#admitAll());
  }

  /** Lets in the first who shows a fresh invitation. */
  #meet(knock: Knock, name: string, id: string): void {
    const invitation = this.invitations.find(id);
    if (!("card" in knock) || invitation === null || this.invitations.standing(id) !== "fresh") return;
    // Before anything is asked of the server: leave that has left this browser may have arrived, whatever is answered.
    this.invitations.used(id, knock.identity);
    this.#coming.add(knock.id);
    void this.#letIn(knock, { knock: knock.id, label: invitation.label, name });
  }

  async #letIn(knock: Knock, arrived: Arrival): Promise<void> {
    try {
      await this.rooms.admit(this.room, knock.id, this.seat, await this.#certificate(knock));
      this.onChange({ arrived });
    } catch (error) {
      const trouble = troubleOf(error);
      // Another tab of the host's may have been faster.
      if (trouble.code === "knock_unknown") return;
      this.#coming.delete(knock.id);
      this.onChange({ answerTrouble: trouble });
      await this.lookAgain();
    }
  }

  async #answer(send: () => Promise<void>): Promise<void> {
    let answerTrouble: Trouble | null = null;
    try {
      await send();
    } catch (error) {
      const trouble = troubleOf(error);
      // Two hosts may answer one knock, and a guest may give up: the door's next list tells what is true.
      if (trouble.code !== "knock_unknown") answerTrouble = trouble;
    }
    this.onChange({ answerTrouble });
  }

  async #admitAll(): Promise<void> {
    if (this.encryption() === null) return this.rooms.admitAll(this.room, this.seat, null);
    const welcome = this.#callers.filter(({ name, invitation }) => name !== null && invitation?.standing !== "revoked");
    const ids = new Set(welcome.map(({ id }) => id));
    const certificates: Record<string, string> = {};
    for (const knock of this.#knocks) {
      const certificate = ids.has(knock.id) ? await this.#certificate(knock) : null;
      if (certificate !== null) certificates[knock.id] = certificate;
    }
    await this.rooms.admitAll(this.room, this.seat, certificates);
  }

  #caller({ id, waitingSeconds, ...visitor }: Knock, shown: Shown | null): Caller {
    if (this.encryption() === null) return { id, name: "name" in visitor ? visitor.name : null, waitingSeconds };
    const caller = { id, name: shown?.name ?? null, waitingSeconds };
    const invitation = shown?.invitation ?? null;
    const standing = invitation === null ? "fresh" : this.invitations.standing(invitation);
    if (invitation === null || standing === "fresh") return caller;
    return { ...caller, invitation: { label: this.invitations.find(invitation)?.label ?? null, standing } };
  }

  async #opened(knock: Knock): Promise<Shown | null> {
    const encryption = this.encryption();
    if (encryption === null || !("card" in knock)) return null;
    const key = `${knock.identity} ${knock.card}`;
    const known = this.#shown.get(key);
    if (known !== undefined) return known;
    const opened = await encryption.openCard(knock.card).catch(() => null);
    // The card belongs to the identity that the server will let in, or it is worth nothing.
    const shown =
      opened?.identity === knock.identity ? { name: opened.name, invitation: opened.invitation ?? null } : null;
    this.#shown.set(key, shown);
    return shown;
  }

  async #certificate(knock: Knock): Promise<string | null> {
    const encryption = this.encryption();
    if (encryption === null) return null;
    const shown = await this.#opened(knock);
    if (!("card" in knock) || shown === null) throw new Failure("card_unreadable");
    const { invitation } = shown;
    if (invitation !== null && this.invitations.standing(invitation) === "revoked") {
      throw new Failure("invitation_revoked");
    }
    return encryption.certify(knock.card);
  }
}
