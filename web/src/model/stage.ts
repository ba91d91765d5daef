/** Who is shown where: the mosaic, the speaker view, a shared screen, two people face to face. Decides places, not pixels. */

import type { CallState, Person } from "./call";

export type View = "grid" | "speaker";

/** One tile: a person's camera, or the screen that this person shares. */
export interface Seat {
  readonly key: string;
  readonly person: Person;
  readonly shows: "camera" | "screen";
}

export interface Stage {
  /** `solo` and `duo`: one large tile, oneself small in the corner. */
  readonly form: "solo" | "duo" | "grid" | "spotlight";
  readonly large: Seat | null;
  readonly others: readonly Seat[];
}

/** The places of everybody in `state`, seen in `view`. A shared screen takes the stage in both views. */
export function stageFor(state: CallState, view: View): Stage {
  const cameras = state.people.map((person) => camera(person));
  const screens = state.sharing.flatMap((id) => {
    const person = state.people.find((one) => one.id === id);
    return person === undefined ? [] : [screen(person)];
  });
  const newest = screens[screens.length - 1];
  if (newest !== undefined) {
    return { form: "spotlight", large: newest, others: [...screens.slice(0, -1), ...othersLast(cameras)] };
  }
  const mine = cameras.find((seat) => seat.person.isSelf);
  const theirs = cameras.filter((seat) => !seat.person.isSelf);
  if (theirs.length === 0) return { form: "solo", large: mine ?? null, others: [] };
  const only = theirs[0];
  if (theirs.length === 1 && only !== undefined) {
    return { form: "duo", large: only, others: mine === undefined ? [] : [mine] };
  }
  if (view === "grid") return { form: "grid", large: null, others: othersLast(cameras) };
  const speaker = theirs.find((seat) => seat.person.id === state.speaker) ?? theirs[0] ?? null;
  return { form: "spotlight", large: speaker, others: othersLast(cameras.filter((seat) => seat !== speaker)) };
}

/** Oneself at the end: the first places belong to those one came to see. */
function othersLast(seats: readonly Seat[]): readonly Seat[] {
  return [...seats.filter((seat) => !seat.person.isSelf), ...seats.filter((seat) => seat.person.isSelf)];
}

function camera(person: Person): Seat {
  return { key: `${person.id}/camera`, person, shows: "camera" };
}

function screen(person: Person): Seat {
  return { key: `${person.id}/screen`, person, shows: "screen" };
}
