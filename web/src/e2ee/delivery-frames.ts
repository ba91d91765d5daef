/** What the browser and the delivery service say to each other, and how it is read: CBOR maps, taken only when well formed. */

import { decode } from "cborg";
import type { Bytes } from "./bytes";

export type ToServer =
  | {
      readonly t: "create";
      readonly id: number;
      readonly group: Bytes;
      readonly epoch: number;
      readonly info: Bytes;
      /** Who sits on which leaf, where a group is brought back. */
      readonly leaves?: readonly (readonly [identity: string, leaf: number])[];
    }
  | {
      readonly t: "commit";
      readonly id: number;
      readonly epoch: number;
      readonly commit: Bytes;
      readonly info: Bytes;
      readonly welcome?: Bytes;
      readonly to?: readonly string[];
      /** Whom the commit takes out, as far as one says. */
      readonly removed: readonly string[];
    }
  | { readonly t: "propose"; readonly epoch: number; readonly proposal: Bytes }
  | { readonly t: "join_req"; readonly kp: Bytes }
  | { readonly t: "app"; readonly epoch: number; readonly message: Bytes }
  | { readonly t: "ready"; readonly epoch: number; readonly leaf: number }
  | { readonly t: "log"; readonly id: number; readonly from: number }
  /** Asks for the standing. */
  | { readonly t: "state" };

/** The standing of the live meeting: `epoch`, `group` and `info` are null while there is none. */
export interface Standing {
  readonly you: string;
  readonly epoch: number | null;
  readonly group: Bytes | null;
  readonly info: Bytes | null;
  readonly people: readonly string[];
  /** The server's own Ed25519 key, with which it proposes to remove who is gone. */
  readonly sender: Bytes;
}

export type FromServer =
  | ({ readonly t: "state" } & Standing)
  | { readonly t: "commit"; readonly epoch: number; readonly commit: Bytes }
  | { readonly t: "welcome"; readonly epoch: number; readonly welcome: Bytes }
  | {
      readonly t: "propose";
      readonly epoch: number;
      readonly proposal: Bytes;
      /** Whom the server itself proposes to remove; null for a member's own proposal. */
      readonly gone: string | null;
    }
  | { readonly t: "join_req"; readonly kp: Bytes; readonly from: string }
  | { readonly t: "app"; readonly epoch: number; readonly message: Bytes; readonly from: string }
  | { readonly t: "switch"; readonly epoch: number }
  | { readonly t: "log"; readonly id: number; readonly commits: readonly (readonly [number, Bytes])[] }
  | { readonly t: "gap"; readonly id: number }
  | { readonly t: "people"; readonly people: readonly string[] }
  | { readonly t: "ok"; readonly id: number }
  | { readonly t: "refused"; readonly id: number | null; readonly code: string; readonly epoch: number | null };

type Fields = Readonly<Record<string, unknown>>;

/** The message in `data`, or null for anything this client does not know: a newer server may say more. */
export function readFrame(data: ArrayBuffer): FromServer | null {
  try {
    const fields: unknown = decode(new Uint8Array(data));
    return typeof fields === "object" && fields !== null ? frame(fields as Fields) : null;
  } catch {
    return null;
  }
}

function frame(fields: Fields): FromServer | null {
  const { t } = fields;
  switch (t) {
    case "state":
      return {
        t,
        you: text(fields.you),
        epoch: fields.epoch === null ? null : count(fields.epoch),
        group: fields.group === null ? null : bytes(fields.group),
        info: fields.info === null ? null : bytes(fields.info),
        people: texts(fields.people),
        sender: bytes(fields.sender),
      };
    case "commit":
      return { t, epoch: count(fields.epoch), commit: bytes(fields.commit) };
    case "welcome":
      return { t, epoch: count(fields.epoch), welcome: bytes(fields.welcome) };
    case "propose":
      return {
        t,
        epoch: count(fields.epoch),
        proposal: bytes(fields.proposal),
        gone: typeof fields.gone === "string" ? fields.gone : null,
      };
    case "join_req":
      return { t, kp: bytes(fields.kp), from: text(fields.from) };
    case "app":
      return { t, epoch: count(fields.epoch), message: bytes(fields.message), from: text(fields.from) };
    case "switch":
      return { t, epoch: count(fields.epoch) };
    case "log":
      return { t, id: count(fields.id), commits: list(fields.commits).map(logged) };
    case "gap":
    case "ok":
      return { t, id: count(fields.id) };
    case "people":
      return { t, people: texts(fields.people) };
    case "refused":
      return {
        t,
        id: fields.id === null || fields.id === undefined ? null : count(fields.id),
        code: text(fields.code),
        epoch: typeof fields.epoch === "number" ? count(fields.epoch) : null,
      };
    default:
      return null;
  }
}

class Malformed extends Error {}

function bytes(value: unknown): Bytes {
  if (!(value instanceof Uint8Array)) throw new Malformed();
  return new Uint8Array(value);
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new Malformed();
  return value;
}

function count(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new Malformed();
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed();
  return value;
}

function texts(value: unknown): readonly string[] {
  return list(value).map(text);
}

function logged(value: unknown): readonly [number, Bytes] {
  const [epoch, commit] = list(value);
  return [count(epoch), bytes(commit)];
}
