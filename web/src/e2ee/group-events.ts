/** The words of the group's state machine: what it hears, and what it wants done. */

import type { AlarmKind } from "../model/encryption";
import type { Bytes } from "./bytes";
import type { FromServer, ToServer } from "./delivery-frames";
import type { EpochKeys, Leaf, PolicyInForce } from "./mls";

/** A policy that a host has signed, to be put in force by one commit. */
export interface GovernedChange {
  readonly policy: Bytes;
  /** The seq of the policy it follows. */
  readonly follows: number;
  /** S of its generation, where that is a new one. */
  readonly secret: Bytes | null;
  /** Whom the same commit puts out, if they are in. */
  readonly remove: string | null;
}

export type GroupEvent =
  | { readonly type: "message"; readonly message: FromServer }
  | { readonly type: "lost" }
  | { readonly type: "tick" }
  | { readonly type: "govern"; readonly change: GovernedChange }
  | { readonly type: "say"; readonly payload: Bytes }
  | { readonly type: "leave" }
  | { readonly type: "fail"; readonly kind: AlarmKind };

export type GroupAction =
  | { readonly do: "send"; readonly message: ToServer }
  /** The server does not answer on this connection. */
  | { readonly do: "reopen" }
  /** A new epoch is in force. The first of a group begins afresh: older keys belong to no group any more. */
  | { readonly do: "install"; readonly keys: EpochKeys; readonly roster: readonly Leaf[]; readonly afresh: boolean }
  | { readonly do: "switch"; readonly epoch: number }
  | { readonly do: "wipe"; readonly epoch: number }
  /** What became of a change of the policy. `stale`: another is in force than the one it follows. */
  | { readonly do: "governed"; readonly change: GovernedChange; readonly outcome: "done" | "stale" | "refused" }
  /** A policy is in force that was not before; `secret` where its link secret is newly known. */
  | { readonly do: "policy"; readonly policy: PolicyInForce; readonly secret: Bytes | null }
  | { readonly do: "said"; readonly from: string; readonly payload: Bytes }
  /** A message of a member, in our own epoch, that our keys do not open. */
  | { readonly do: "unreadable"; readonly from: string; readonly epoch: number }
  | { readonly do: "ahead"; readonly epoch: number }
  | { readonly do: "alarm"; readonly kind: AlarmKind; readonly identity: string | null }
  | { readonly do: "returning" }
  /** `by`: who did it; oneself, when one came in again elsewhere. */
  | { readonly do: "removed"; readonly by: string | null }
  | { readonly do: "failed"; readonly kind: AlarmKind };

export interface GroupTerms {
  readonly identity: string;
  /** May create a group, add and remove. */
  readonly host: boolean;
  /** Was in this room before: comes by itself instead of asking a host. */
  readonly returning: boolean;
  /** S of the link one came with. */
  readonly secret: Bytes;
}
