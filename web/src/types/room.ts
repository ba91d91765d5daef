/** The nouns of a room as the server speaks of them: who one is, what entering answered, what came through the door. */

import type { ErrorCode } from "./errors";

export type RoomId = string & { readonly __room: unique symbol };

/** 32 random bytes, base64url: proves that this browser is the one from before. Never part of a URL. */
export type SeatKey = string & { readonly __seat: unique symbol };

export type Role = "host" | "guest" | "stranger";

/** What a browser learns about a room before it enters. Strangers learn no count. */
export interface Look {
  readonly role: Role;
  readonly people: number | null;
}

/** What opens the media connection: good once, for one seat, for a short time. */
export interface Ticket {
  readonly identity: string;
  readonly role: Role;
  readonly token: string;
}

export type Entry =
  | { readonly state: "admitted"; readonly ticket: Ticket }
  | { readonly state: "waiting"; readonly knock: string }
  | { readonly state: "denied" };

/** Somebody at the door, as a host sees them. */
export interface Knock {
  readonly id: string;
  readonly name: string;
  readonly waitingSeconds: number;
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
