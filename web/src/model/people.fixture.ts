/** People for the tests of the model. */

import type { Person } from "./call";

export function person(id: string, about: Partial<Person> = {}): Person {
  return {
    id,
    name: id,
    isSelf: id === "me",
    microphone: "on",
    camera: "on",
    picture: null,
    screen: null,
    sounds: [],
    line: "good",
    ...about,
  };
}

export const picture = { attach: () => () => undefined };
