/** What the screen of a call shows after what happened. */

import { describe, expect, test } from "vitest";
import { type CallEvent, type CallState, callAfter, callBegins } from "./call";
import { person, picture } from "./people.fixture";

const stateAfter = (...events: CallEvent[]): CallState => events.reduce(callAfter, callBegins);
const people = (...ids: string[]): CallEvent => ({ type: "people", people: ids.map((id) => person(id)) });
const speaking = (at: number, ...ids: string[]): CallEvent => ({ type: "speaking", ids, at });
const tick = (at: number): CallEvent => ({ type: "tick", at });

describe("people", () => {
  test("keep their places when others come and go", () => {
    const state = stateAfter(people("me", "anna", "ben", "cleo"), people("cleo", "dora", "me", "ben"));

    expect(state.people.map(({ id }) => id)).toEqual(["me", "ben", "cleo", "dora"]);
  });

  test("who comes is announced, but not everybody who was there before oneself", () => {
    const arrived = stateAfter(people("me", "anna"));
    expect(arrived.notice).toBeNull();

    expect(callAfter(arrived, people("me", "anna", "ben")).notice?.what).toEqual({ kind: "came", name: "ben" });
  });

  test("who leaves is announced and speaks no more", () => {
    const state = stateAfter(people("me", "anna"), speaking(0, "anna"), tick(1500), people("me"));

    expect(state.notice?.what).toEqual({ kind: "went", name: "anna" });
    expect(state.speaking.size).toBe(0);
    expect(state.speaker).toBeNull();
  });

  test("one's own microphone is said aloud when it changes", () => {
    const state = stateAfter(
      { type: "people", people: [person("me")] },
      { type: "people", people: [person("me", { microphone: "off" })] },
    );

    expect(state.notice?.what).toEqual({ kind: "microphone", on: false });
  });

  test("the latest shared screen stands last", () => {
    const state = stateAfter(
      { type: "people", people: [person("me"), person("anna", { screen: picture }), person("ben")] },
      {
        type: "people",
        people: [person("me"), person("anna", { screen: picture }), person("ben", { screen: picture })],
      },
    );

    expect(state.sharing).toEqual(["anna", "ben"]);
    expect(state.notice?.what).toEqual({ kind: "shares", name: "ben" });
  });
});

describe("the large tile", () => {
  test("is not taken by a cough", () => {
    const state = stateAfter(people("me", "anna", "ben"), speaking(0, "anna"), speaking(300), tick(2000));

    expect(state.speaker).toBeNull();
  });

  test("goes to who has spoken for a second", () => {
    const state = stateAfter(people("me", "anna", "ben"), speaking(0, "anna"), tick(1000));

    expect(state.speaker).toBe("anna");
  });

  test("is never one's own", () => {
    const state = stateAfter(people("me", "anna"), speaking(0, "me"), tick(5000));

    expect(state.speaker).toBeNull();
  });

  test("stays for two and a half seconds, and while its person goes on", () => {
    const anna = stateAfter(people("me", "anna", "ben"), speaking(0, "anna"), tick(1000), speaking(1100, "ben"));

    expect(callAfter(anna, tick(2200)).speaker).toBe("anna");
    expect(callAfter(anna, tick(3600)).speaker).toBe("ben");
    expect([speaking(3600, "anna", "ben"), tick(9000)].reduce(callAfter, anna).speaker).toBe("anna");
  });
});

describe("the connection", () => {
  test("counts from the first loss, however often it is told", () => {
    const state = stateAfter({ type: "reconnecting", at: 10 }, { type: "reconnecting", at: 500 });

    expect(state.link).toEqual({ state: "reconnecting", since: 10 });
  });

  test("what has ended stays ended, and nobody is left on the screen", () => {
    const state = stateAfter(
      people("me", "anna"),
      { type: "ended", reason: "removed" },
      { type: "reconnected" },
      people("me"),
    );

    expect(state.link).toEqual({ state: "ended", reason: "removed" });
    expect(state.people).toEqual([]);
  });
});
