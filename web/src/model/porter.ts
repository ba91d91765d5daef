/**
 * A host's hands at the door: reads the cards of those who knock, and answers. In an encrypted room a name counts only when the
 * card shows that whoever gave it has the link; a card that does not can only be refused.
 */

import { type Caller, Failure, type Knock, type RoomId, type SeatKey } from "../types/room";
import type { RoomEncryption, RoomsPort } from "./ports";
import { type Trouble, troubleOf } from "./trouble";

export class Porter {
  #knocks: readonly Knock[] = [];
  #callers: readonly Caller[] = [];
  // A card is opened once: the same one comes with every change of the list.
  readonly #names = new Map<string, string | null>();

  constructor(
    private readonly rooms: RoomsPort,
    private readonly room: RoomId,
    private readonly seat: SeatKey,
    private readonly encryption: () => RoomEncryption | null,
    private readonly onChange: (change: {
      readonly knocks?: readonly Caller[];
      readonly answerTrouble?: Trouble | null;
    }) => void,
  ) {}

  /** The server's new list of who is at the door. */
  async heard(knocks: readonly Knock[]): Promise<void> {
    this.#knocks = knocks;
    const callers = await Promise.all(knocks.map((knock) => this.#caller(knock)));
    // A newer list may have come meanwhile.
    if (this.#knocks !== knocks) return;
    this.#callers = callers;
    this.onChange({ knocks: callers });
  }

  /** The link has changed: a card counts only if it was made with the new one. */
  linkIsNew(): void {
    this.#names.clear();
    void this.heard([...this.#knocks]);
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

  /** Everybody, in an encrypted room everybody whose card could be read. */
  async admitAll(): Promise<void> {
    await this.#answer(() => this.#admitAll());
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
    const readable = new Set(this.#callers.filter((caller) => caller.name !== null).map((caller) => caller.id));
    const certificates: Record<string, string> = {};
    for (const knock of this.#knocks) {
      const certificate = readable.has(knock.id) ? await this.#certificate(knock) : null;
      if (certificate !== null) certificates[knock.id] = certificate;
    }
    await this.rooms.admitAll(this.room, this.seat, certificates);
  }

  async #caller(knock: Knock): Promise<Caller> {
    const { id, waitingSeconds } = knock;
    if (this.encryption() === null) return { id, name: "name" in knock ? knock.name : null, waitingSeconds };
    if (!("card" in knock)) return { id, name: null, waitingSeconds };
    const known = this.#names.get(knock.card);
    if (known !== undefined) return { id, name: known, waitingSeconds };
    const opened = await this.encryption()
      ?.openCard(knock.card)
      .catch(() => null);
    // The card belongs to the identity that the server will let in, or it is worth nothing.
    const name = opened?.identity === knock.identity ? opened.name : null;
    this.#names.set(knock.card, name);
    return { id, name, waitingSeconds };
  }

  async #certificate(knock: Knock): Promise<string | null> {
    const encryption = this.encryption();
    if (encryption === null) return null;
    if (!("card" in knock)) throw new Failure("card_unreadable");
    const opened = await encryption.openCard(knock.card);
    if (opened === null || opened.identity !== knock.identity) throw new Failure("card_unreadable");
    return encryption.certify(knock.card);
  }
}
