/**
 * The encryption of one visit: what the server presents is held against link and memory, then opened, entered and left. In a
 * transit room it is the fact that there is none.
 */

import { Failure, type Look, type Ticket, type Visitor } from "../types/room";
import { type EncryptionState, encryptionBegins, inTransit } from "./encryption";
import type { RoomPlace } from "./link";
import { Cell } from "./observable";
import { pin, pinOf, refusalOf } from "./pins";
import type { Ports, RoomEncryption } from "./ports";

export class VisitEncryption {
  readonly state: Cell<EncryptionState>;
  #open: RoomEncryption | null = null;
  #unwatch: () => void = () => undefined;

  constructor(
    private readonly place: RoomPlace,
    private readonly ports: Ports,
    /** The link has changed: S of the new one, base64url. */
    private readonly onLink: (secret: string) => void,
  ) {
    this.state = new Cell<EncryptionState>(place.keys === null ? inTransit : encryptionBegins);
  }

  /** Null in a transit room, and before `judge`. */
  get keys(): RoomEncryption | null {
    return this.#open;
  }

  /** Opens the room's policy with the link. Rejects with a Failure where the server presents another or a lesser room. */
  async judge(look: Look): Promise<void> {
    const { keys, room } = this.place;
    const pinned = pinOf(this.ports.keepsakes, room);
    const refusal = refusalOf(look, keys, pinned);
    if (refusal !== null) throw new Failure(refusal);
    if (keys === null || look.policy === null) return;
    this.close();
    const open = await this.ports.encryption.open(room, keys, look.policy);
    if (open.governance.get().seq < (pinned ?? 0)) {
      open.close();
      throw new Failure("policy_outdated");
    }
    this.#open = open;
    const unwatch = [
      open.state.watch(() => this.state.set(open.state.get())),
      open.governance.watch(() => this.#governed()),
    ];
    this.#unwatch = () => {
      for (const stop of unwatch) stop();
    };
    this.#governed();
  }

  /** What one shows at the door. */
  async visitor(name: string): Promise<Visitor> {
    const open = this.#open;
    return open === null ? { name } : { identity: open.identity, card: await open.makeCard(name) };
  }

  /** Resolves when the keys of the group are here; at once in a transit room. */
  async enter(
    ticket: Ticket,
    name: string,
    returning: boolean,
    freshToken: () => Promise<string | null>,
  ): Promise<void> {
    const open = this.#open;
    if (open === null) return;
    const asHost = ticket.role === "host" && open.holdsHostKey;
    // A certificate may be left from before one became host; without either nobody would take us for a member.
    if (!asHost && ticket.certificate === null) {
      throw new Failure(ticket.role === "host" ? "host_key_missing" : "encryption_failed");
    }
    const { certificate, token } = ticket;
    await open.enter({ name, asHost, certificate: asHost ? null : certificate, returning, token, freshToken });
  }

  #governed(): void {
    const { seq, secret } = this.#open?.governance.get() ?? { seq: 0, secret: null };
    pin(this.ports.keepsakes, this.place.room, seq);
    if (secret !== null) this.onLink(secret);
  }

  alarmsSeen(): void {
    this.#open?.alarmsSeen();
  }

  close(): void {
    this.#unwatch();
    this.#open?.close();
    this.#open = null;
  }
}
