/** The nouns of a room as the server speaks of them: who one is, what entering answered, what came through the door. */

import type { ErrorCode } from "./errors";

export type RoomId = string & { readonly __room: unique symbol };

/** 32 random bytes, base64url: proves that this browser is the one from before. Never part of a URL. */
export type SeatKey = string & { readonly __seat: unique symbol };

export type Role = "host" | "guest" | "stranger";

/** Fixed when a room is made. In `transit` the server could listen. */
export type Encryption = "e2ee" | "transit";

/** What a browser learns about a room before it enters. Strangers learn no count. */
export interface Look {
  readonly role: Role;
  readonly people: number | null;
  readonly encryption: Encryption;
  /** The host's signed policy, base64url; null in a transit room. */
  readonly policy: string | null;
}

/** How one shows oneself at the door: by name, or in an encrypted room by a card that only who has the link can read. */
export type Visitor =
  | { readonly name: string }
  | {
      readonly identity: string;
      /** base64url */
      readonly card: string;
    };

/** What opens the media connection: good once, for one seat, for a short time. */
export interface Ticket {
  readonly identity: string;
  readonly role: Role;
  readonly token: string;
  /** A host's signed leave to be in the encrypted room, base64url; null for the host, and in a transit room. */
  readonly certificate: string | null;
}

export type Entry =
  | { readonly state: "admitted"; readonly ticket: Ticket }
  | { readonly state: "waiting"; readonly knock: string }
  | { readonly state: "denied" };

/** Somebody at the door, as the server announces them to a host. */
export type Knock = { readonly id: string; readonly waitingSeconds: number } & Visitor;

/** Somebody at the door, as a host sees them. `name` is null when the card could not be verified: one can only refuse. */
export interface Caller {
  readonly id: string;
  readonly name: string | null;
  readonly waitingSeconds: number;
  /** The personal invitation they show, where that does not let them in by itself; a revoked one can only be refused. */
  readonly invitation?: { readonly label: string | null; readonly standing: "used" | "revoked" | "unknown" };
}

/** Somebody whom their invitation let in without a click. */
export interface Arrival {
  readonly knock: string;
  /** For whom the invitation was. */
  readonly label: string;
  /** What they call themselves. */
  readonly name: string;
}

export type DoorMessage =
  | { readonly type: "waiting" }
  | { readonly type: "admitted" }
  | { readonly type: "denied" }
  | { readonly type: "expired" }
  | { readonly type: "knocks"; readonly knocks: readonly Knock[] };

/** Something went wrong in a way a person can be told about. `seconds` is how long to wait before trying again. */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(
    readonly code: ErrorCode,
    readonly seconds?: number,
  ) {
    super(code);
  }
}
