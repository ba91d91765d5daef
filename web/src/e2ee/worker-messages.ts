/** What the page and the MLS worker say to each other. No private key and no epoch key is in any of it: of secrets only what links carry. */

import type { EncryptionEvent } from "../model/encryption";
import type { ChangedPolicy, PolicyChange } from "../model/ports";
import type { ErrorCode } from "../types/errors";
import type { Bytes } from "./bytes";

export interface OpenTerms {
  readonly room: string;
  readonly secret: string;
  readonly fingerprint: string;
  readonly hostSeed: string | null;
  /** The id of the personal invitation whose secret `secret` then is; base64url. */
  readonly invitation: string | null;
  /** base64url */
  readonly policy: string;
}

export interface OpenedRoom {
  readonly identity: string;
  readonly seq: number;
  /** Whether this browser may sign as a host. */
  readonly hostKey: boolean;
  /** Whether it can also derive the secrets of invitations. */
  readonly mayInvite: boolean;
}

/** Who left a card, and by which invitation (base64url) if by one. */
export interface ShownCard {
  readonly identity: string;
  readonly name: string;
  readonly invitation: string | null;
}

/** What makes the link of an invitation; base64url. */
export interface InvitationLink {
  readonly id: string;
  readonly secret: string;
}

export interface EnterTerms {
  readonly name: string;
  readonly asHost: boolean;
  /** What a host gave with the admission, base64url; null for a host, who signs their own. */
  readonly certificate: string | null;
  readonly returning: boolean;
  readonly token: string;
  /** To the frame worker. */
  readonly frames: MessagePort;
}

/** What can be asked, with its answer. */
export interface Questions {
  open: { ask: OpenTerms; answer: OpenedRoom };
  makeCard: { ask: { name: string }; answer: string };
  openCard: { ask: { card: string }; answer: ShownCard | null };
  certify: { ask: { card: string }; answer: string };
  invitation: { ask: { id: string | null }; answer: InvitationLink };
  enter: { ask: EnterTerms; answer: null };
  changePolicy: { ask: PolicyChange; answer: ChangedPolicy };
}

export type PageMessage =
  | {
      [Q in keyof Questions]: { readonly kind: Q; readonly request: number; readonly terms: Questions[Q]["ask"] };
    }[keyof Questions]
  | { readonly kind: "token"; readonly token: string | null }
  /** A beat that came through the encrypted data channel. */
  | { readonly kind: "beat"; readonly from: string; readonly payload: Bytes }
  /** What the frame layer found shows that somebody's keys are not ours. */
  | { readonly kind: "split" }
  | { readonly kind: "leave" };

export type WorkerMessage =
  | { readonly kind: "answer"; readonly request: number; readonly value: unknown }
  | { readonly kind: "refused"; readonly request: number; readonly code: ErrorCode }
  | { readonly kind: "encryption"; readonly event: EncryptionEvent }
  /** A fresh join token is needed. */
  | { readonly kind: "token" }
  /** To be sent to everybody through the encrypted data channel. */
  | { readonly kind: "beat"; readonly payload: Bytes }
  /** Another policy is in force. `secret`: S of its link, base64url, where that is newly known. */
  | { readonly kind: "policy"; readonly seq: number; readonly secret: string | null }
  | { readonly kind: "removed"; readonly elsewhere: boolean };
