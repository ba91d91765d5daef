/** The state of a call and how it changes: events of the live call go in, what the screen shows comes out. Pure. */

import type { ErrorCode } from "../types/errors";
import type { PictureHandle, SoundHandle } from "./ports";

/** `none`: the person has no such device, or has not opened it yet. */
export type Sending = "on" | "off" | "none";

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly isSelf: boolean;
  readonly microphone: Sending;
  readonly camera: Sending;
  /** Null while there is nothing to show. */
  readonly picture: PictureHandle | null;
  readonly screen: PictureHandle | null;
  /** Voice, and the sound of a shared screen. Empty for oneself. */
  readonly sounds: readonly { readonly id: string; readonly handle: SoundHandle }[];
  readonly line: "good" | "poor" | "lost";
}

/** `unsafe`: the encryption could not be trusted any more. */
export type EndReason = "left" | "removed" | "elsewhere" | "closed" | "lost" | "unsafe";

export type Link =
  | { readonly state: "connected" }
  | { readonly state: "reconnecting"; readonly since: number }
  | { readonly state: "ended"; readonly reason: EndReason };

/** Something to be said once, aloud and in a corner of the screen. `key` grows, so that the same words can come twice. */
export interface Notice {
  readonly key: number;
  readonly what:
    | { readonly kind: "came"; readonly name: string }
    | { readonly kind: "went"; readonly name: string }
    | { readonly kind: "shares"; readonly name: string }
    | { readonly kind: "stopped-sharing"; readonly name: string }
    | { readonly kind: "microphone"; readonly on: boolean }
    | { readonly kind: "camera"; readonly on: boolean }
    | { readonly kind: "back" }
    | { readonly kind: "problem"; readonly code: ErrorCode; readonly device?: string };
}

export interface CallState {
  readonly link: Link;
  /** In the order of arrival, oneself first. */
  readonly people: readonly Person[];
  readonly speaking: ReadonlySet<string>;
  /** Who has the large tile of the speaker view; null before anybody spoke. */
  readonly speaker: string | null;
  /** Who shares a screen, the latest last. */
  readonly sharing: readonly string[];
  readonly soundBlocked: boolean;
  readonly speakingWhileMuted: boolean;
  readonly microphoneSilent: boolean;
  readonly notice: Notice | null;
  readonly floor: Floor;
}

/** Who has been speaking since when, and when the large tile last changed hands. Milliseconds. */
interface Floor {
  readonly since: ReadonlyMap<string, number>;
  readonly changedAt: number;
}

export type CallEvent =
  | { readonly type: "people"; readonly people: readonly Person[] }
  | { readonly type: "speaking"; readonly ids: readonly string[]; readonly at: number }
  | { readonly type: "tick"; readonly at: number }
  | { readonly type: "reconnecting"; readonly at: number }
  | { readonly type: "reconnected" }
  | { readonly type: "ended"; readonly reason: EndReason }
  | { readonly type: "sound"; readonly blocked: boolean }
  | { readonly type: "speaking-while-muted"; readonly speaking: boolean }
  | { readonly type: "microphone-silent"; readonly silent: boolean }
  | { readonly type: "problem"; readonly code: ErrorCode; readonly device?: string };

export const callBegins: CallState = {
  link: { state: "connected" },
  people: [],
  speaking: new Set(),
  speaker: null,
  sharing: [],
  soundBlocked: false,
  speakingWhileMuted: false,
  microphoneSilent: false,
  notice: null,
  floor: { since: new Map(), changedAt: Number.NEGATIVE_INFINITY },
};

// A cough must not take the large tile, and two who argue must not make it flicker.
const SPEECH_BEFORE_PROMOTION_MS = 1000;
const STAY_AFTER_PROMOTION_MS = 2500;

export function callAfter(state: CallState, event: CallEvent): CallState {
  // What has ended stays ended: a late event of the connection must not bring the screen of the call back.
  if (state.link.state === "ended") return state;
  switch (event.type) {
    case "people":
      return withPeople(state, event.people);
    case "speaking":
      return withSpeaking(state, event.ids, event.at);
    case "tick":
      return withFloor(state, event.at);
    case "reconnecting":
      return state.link.state === "reconnecting"
        ? state
        : { ...state, link: { state: "reconnecting", since: event.at }, speaking: new Set() };
    case "reconnected":
      return saying({ ...state, link: { state: "connected" } }, { kind: "back" });
    case "ended":
      return { ...state, link: { state: "ended", reason: event.reason }, people: [], speaking: new Set(), sharing: [] };
    case "sound":
      return state.soundBlocked === event.blocked ? state : { ...state, soundBlocked: event.blocked };
    case "speaking-while-muted":
      return state.speakingWhileMuted === event.speaking ? state : { ...state, speakingWhileMuted: event.speaking };
    case "microphone-silent":
      return state.microphoneSilent === event.silent ? state : { ...state, microphoneSilent: event.silent };
    case "problem":
      return saying(state, {
        kind: "problem",
        code: event.code,
        ...(event.device === undefined ? {} : { device: event.device }),
      });
  }
}

export function self(state: CallState): Person | null {
  return state.people.find((person) => person.isSelf) ?? null;
}

function withPeople(before: CallState, now: readonly Person[]): CallState {
  const byId = new Map(now.map((person) => [person.id, person]));
  const known = new Set(before.people.map((person) => person.id));
  // Those who were there keep their places; new ones go to the end: no tile moves because somebody came.
  const stayed = before.people.flatMap((person) => byId.get(person.id) ?? []);
  const came = now.filter((person) => !known.has(person.id));
  const people = [...stayed, ...came].sort((a, b) => Number(b.isSelf) - Number(a.isSelf));

  const sharesNow = people.filter((person) => person.screen !== null).map((person) => person.id);
  const sharing = [
    ...before.sharing.filter((id) => sharesNow.includes(id)),
    ...sharesNow.filter((id) => !before.sharing.includes(id)),
  ];
  const state: CallState = {
    ...before,
    people,
    sharing,
    speaking: new Set([...before.speaking].filter((id) => byId.has(id))),
    speaker: before.speaker !== null && byId.has(before.speaker) ? before.speaker : null,
  };
  return news(before, state);
}

/** At most one notice a change, the one that matters most: a screen, one's own devices, who came or went. */
function news(before: CallState, after: CallState): CallState {
  const begins = before.people.length === 0;
  const nameOf = (state: CallState, id: string) => state.people.find((person) => person.id === id)?.name ?? "";
  const began = after.sharing.find((id) => !before.sharing.includes(id));
  if (began !== undefined) return saying(after, { kind: "shares", name: nameOf(after, began) });
  const stopped = before.sharing.find((id) => !after.sharing.includes(id));
  if (stopped !== undefined) return saying(after, { kind: "stopped-sharing", name: nameOf(before, stopped) });

  const mine = self(after);
  const was = self(before);
  if (mine !== null && was !== null) {
    if ((mine.microphone === "on") !== (was.microphone === "on"))
      return saying(after, { kind: "microphone", on: mine.microphone === "on" });
    if ((mine.camera === "on") !== (was.camera === "on"))
      return saying(after, { kind: "camera", on: mine.camera === "on" });
  }
  if (begins) return after;
  const came = after.people.find((person) => !before.people.some((other) => other.id === person.id));
  if (came !== undefined) return saying(after, { kind: "came", name: came.name });
  const went = before.people.find((person) => !after.people.some((other) => other.id === person.id));
  if (went !== undefined) return saying(after, { kind: "went", name: went.name });
  return after;
}

function saying(state: CallState, what: Notice["what"]): CallState {
  return { ...state, notice: { key: (state.notice?.key ?? 0) + 1, what } };
}

function withSpeaking(state: CallState, ids: readonly string[], at: number): CallState {
  const since = new Map(ids.map((id) => [id, state.floor.since.get(id) ?? at]));
  return withFloor({ ...state, speaking: new Set(ids), floor: { ...state.floor, since } }, at);
}

/** Gives the large tile to whoever has spoken longest, once they have earned it. Oneself never takes it. */
function withFloor(state: CallState, at: number): CallState {
  if (state.speaker !== null && state.floor.since.has(state.speaker)) return state;
  if (state.speaker !== null && at - state.floor.changedAt < STAY_AFTER_PROMOTION_MS) return state;
  const others = state.people.filter((person) => !person.isSelf && state.floor.since.has(person.id));
  const heard = others
    .map((person) => ({ id: person.id, since: state.floor.since.get(person.id) ?? at }))
    .filter(({ since }) => at - since >= SPEECH_BEFORE_PROMOTION_MS)
    .sort((a, b) => a.since - b.since)[0];
  if (heard === undefined || heard.id === state.speaker) return state;
  return { ...state, speaker: heard.id, floor: { ...state.floor, changedAt: at } };
}
