/**
 * The personal invitations a host has given out: issued under a label, used by one seat, revoked. Kept in this browser, without their
 * secrets, which the host key gives again. What a card proves is for `e2ee` to say; who is let in, for the porter.
 */

import { personalLink, type RoomPlace } from "./link";
import { Cell, type Observable } from "./observable";
import type { KeepsakePort, RoomEncryption } from "./ports";

export interface Invitation {
  /** 8 bytes, base64url. */
  readonly id: string;
  /** For whom, in the host's words. */
  readonly label: string;
  /** The identity that came in by it. */
  readonly seat: string | null;
  readonly revoked: boolean;
}

/** How an invitation stands that somebody shows at the door. `unknown`: given out by another browser of the host's. */
export type Standing = "fresh" | "used" | "revoked" | "unknown";

export const LONGEST_LABEL = 60;
/** A host who needs more gives out the shared link. */
export const MOST_INVITATIONS = 100;

export class Invitations {
  readonly #cell = new Cell<readonly Invitation[]>([]);
  readonly #name: string;

  constructor(
    private readonly keepsakes: KeepsakePort,
    private readonly place: RoomPlace,
    private readonly encryption: () => RoomEncryption | null,
  ) {
    this.#name = `huisclos.invitations.${place.room}`;
    this.#cell.set(this.#kept());
  }

  /** Newest first. */
  get list(): Observable<readonly Invitation[]> {
    return this.#cell;
  }

  /** Whether this browser can give out invitations at all: it takes the host key. */
  get offered(): boolean {
    return this.encryption()?.mayInvite === true;
  }

  /** A new invitation; the path of its link. Rejects with a Failure. */
  async issue(label: string): Promise<string | null> {
    const keys = await this.encryption()?.invitation(null);
    if (keys === undefined || this.#kept().length >= MOST_INVITATIONS) return null;
    const issued = { id: keys.id, label: label.trim().slice(0, LONGEST_LABEL), seat: null, revoked: false };
    this.#keep([issued, ...this.#kept()]);
    return personalLink(this.place, keys);
  }

  /** The path of the link of an invitation given out before. Rejects with a Failure. */
  async link(id: string): Promise<string | null> {
    const keys = await this.encryption()?.invitation(id);
    return keys === undefined ? null : personalLink(this.place, keys);
  }

  find(id: string): Invitation | null {
    return this.#kept().find((one) => one.id === id) ?? null;
  }

  standing(id: string): Standing {
    const found = this.find(id);
    if (found === null) return "unknown";
    if (found.revoked) return "revoked";
    return found.seat === null ? "fresh" : "used";
  }

  /** From now on it belongs to this seat. */
  used(id: string, seat: string): void {
    this.#change((one) => (one.id === id ? { ...one, seat } : one));
  }

  revoke(id: string): void {
    this.#change((one) => (one.id === id ? { ...one, revoked: true } : one));
  }

  /** Who was put out does not come in again by the same invitation. */
  revokeOf(seat: string): void {
    this.#change((one) => (one.seat === seat ? { ...one, revoked: true } : one));
  }

  #change(change: (one: Invitation) => Invitation): void {
    const before = this.#kept();
    if (before.length > 0) this.#keep(before.map(change));
  }

  #keep(list: readonly Invitation[]): void {
    this.keepsakes.write(this.#name, JSON.stringify(list));
    this.#cell.set(list);
  }

  // Read each time: the host may have the room in two tabs.
  #kept(): readonly Invitation[] {
    let list: unknown;
    try {
      list = JSON.parse(this.keepsakes.read(this.#name) ?? "[]");
    } catch {
      list = [];
    }
    return Array.isArray(list) ? list.filter(isInvitation) : [];
  }
}

function isInvitation(value: unknown): value is Invitation {
  const { id, label, seat, revoked } = (value ?? {}) as Partial<Record<keyof Invitation, unknown>>;
  return (
    typeof id === "string" &&
    typeof label === "string" &&
    (seat === null || typeof seat === "string") &&
    typeof revoked === "boolean"
  );
}
