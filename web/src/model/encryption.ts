/**
 * How well a call is sealed, as the screen may say it: padlock, epoch, safety code, everybody's badge, alarms. Pure.
 *
 * Who the members are and what they proved is found out in `e2ee`; what it looks like and sounds like is `ui`'s.
 */

/**
 * - `transit`: no end-to-end encryption in this room, ever; the server could listen.
 * - `opening`: no keys yet; nothing is sent.
 * - `closed`: every member shares the epoch's keys, and nothing else is sent or played.
 * - `returning`: the group moves on without us; what is sent goes out under the last keys we checked.
 * - `alarm`: sealed, but something happened that a person should know; the alarms say what.
 * - `broken`: sending has stopped for good. There is no way on without encryption.
 */
export type Padlock = "transit" | "opening" | "closed" | "returning" | "alarm" | "broken";

/** What stands behind a name: the room's host key, a host who opened the door, or nothing yet. */
export type Badge = "host" | "admitted";

/** `sealed`: what they send could be opened. `waiting`: no key or no frame yet. `failing`: what arrives cannot be opened. */
export type MediaSeal = "none" | "sealed" | "waiting" | "failing";

/** A leaf of the group's tree. The name is what the person gave themselves; only members can read it. */
export interface Member {
  readonly identity: string;
  readonly name: string;
  readonly isSelf: boolean;
  readonly badge: Badge;
  readonly media: MediaSeal;
  /** False for a member whose word that they hold our keys is overdue. */
  readonly heard: boolean;
}

/** Ten of the 64 symbols by index, and the same 60 bits as 20 digits in groups of four. */
export interface SafetyCode {
  readonly symbols: readonly number[];
  readonly digits: readonly string[];
}

export type AlarmKind =
  /** Members with the same epoch number hold different keys: somebody between us split the group. */
  | "forked"
  /** The server sent a change that nobody was entitled to make. */
  | "invalid_change"
  /** Somebody is connected to the media server without being a member; nothing of them is decoded. */
  | "blocked"
  /** An unencrypted stream or packet was refused. */
  | "plain_refused"
  /** The keys of the group could not be had any more. */
  | "lost_group"
  /** The code that encrypts has stopped. */
  | "stopped";

export interface Alarm {
  /** Grows with every alarm. */
  readonly key: number;
  readonly kind: AlarmKind;
  /** Whom it is about, where it is about one. */
  readonly identity: string | null;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface EncryptionState {
  readonly padlock: Padlock;
  /** Counts the changes of the group; null before the first keys. */
  readonly epoch: number | null;
  /** Null until it is computed for the epoch. Equal on all screens of one meeting, and only there. */
  readonly code: SafetyCode | null;
  /** In the order of the tree, empty before the first keys. */
  readonly members: readonly Member[];
  /** Who is connected to the media server without a leaf. */
  readonly blocked: readonly string[];
  readonly alarms: readonly Alarm[];
}

export type EncryptionEvent =
  | {
      readonly type: "epoch";
      readonly epoch: number;
      readonly members: readonly Pick<Member, "identity" | "name" | "isSelf" | "badge">[];
    }
  | { readonly type: "code"; readonly epoch: number; readonly code: SafetyCode }
  | { readonly type: "returning" }
  | { readonly type: "connected"; readonly identities: readonly string[] }
  | { readonly type: "media"; readonly identity: string; readonly media: MediaSeal }
  /** Of whom a word that they hold our keys is overdue. */
  | { readonly type: "silent"; readonly identities: readonly string[] }
  | { readonly type: "alarm"; readonly kind: AlarmKind; readonly identity: string | null; readonly at: number }
  | { readonly type: "alarms-seen" }
  | { readonly type: "broken"; readonly kind: AlarmKind; readonly at: number };

export const inTransit: EncryptionState = {
  padlock: "transit",
  epoch: null,
  code: null,
  members: [],
  blocked: [],
  alarms: [],
};

export const encryptionBegins: EncryptionState = { ...inTransit, padlock: "opening" };

export function encryptionAfter(state: EncryptionState, event: EncryptionEvent): EncryptionState {
  // Fails closed: nothing that arrives later mends what is broken, and nothing seals a room that never was.
  if (state.padlock === "broken" || state.padlock === "transit") return state;
  switch (event.type) {
    case "epoch": {
      // An epoch is entered once and never left backwards, but for a group made anew after everybody had gone.
      const before = new Map(state.members.map((member) => [member.identity, member]));
      const members = event.members.map((member) => ({
        ...member,
        media: before.get(member.identity)?.media ?? "none",
        heard: before.get(member.identity)?.heard ?? true,
      }));
      return settled({ ...state, epoch: event.epoch, code: null, members, padlock: "closed" }, state.blocked);
    }
    case "code":
      return state.epoch === event.epoch ? { ...state, code: event.code } : state;
    case "returning":
      return state.padlock === "opening" ? state : { ...state, padlock: "returning" };
    case "connected":
      return settled(state, event.identities);
    case "media":
      return withMember(state, event.identity, { media: event.media });
    case "silent": {
      const silent = new Set(event.identities);
      if (state.members.every((member) => member.heard !== silent.has(member.identity))) return state;
      const members = state.members.map((member) => ({ ...member, heard: !silent.has(member.identity) }));
      return { ...state, members };
    }
    case "alarm":
      return ringing(state, event);
    case "alarms-seen":
      return { ...state, alarms: [], padlock: state.padlock === "alarm" ? "closed" : state.padlock };
    case "broken":
      return { ...ringing(state, { ...event, identity: null }), padlock: "broken", code: null };
  }
}

function withMember(state: EncryptionState, identity: string, change: Partial<Member>): EncryptionState {
  const members = state.members.map((member) => (member.identity === identity ? { ...member, ...change } : member));
  return { ...state, members };
}

function ringing(
  state: EncryptionState,
  alarm: { readonly kind: AlarmKind; readonly identity: string | null; readonly at: number },
): EncryptionState {
  if (state.alarms.some((old) => old.kind === alarm.kind && old.identity === alarm.identity)) return state;
  const key = (state.alarms.at(-1)?.key ?? 0) + 1;
  const { kind, identity, at } = alarm;
  const padlock = state.padlock === "closed" ? "alarm" : state.padlock;
  return { ...state, padlock, alarms: [...state.alarms, { key, kind, identity, at }] };
}

function settled(state: EncryptionState, connected: readonly string[]): EncryptionState {
  // Without a tree there is nothing to compare with yet.
  if (state.epoch === null) return state;
  const leaves = new Set(state.members.map((member) => member.identity));
  const blocked = connected.filter((identity) => !leaves.has(identity));
  const padlock = state.padlock === "closed" && state.alarms.length > 0 ? "alarm" : state.padlock;
  const same = blocked.length === state.blocked.length && blocked.every((identity) => state.blocked.includes(identity));
  return { ...state, padlock, blocked: same ? state.blocked : blocked };
}
