/** Words at the door: known ones are understood, unknown ones ignored. */

import { describe, expect, test } from "vitest";
import { readMessage } from "./door";

describe("readMessage", () => {
  test("understands the answers to a knock", () => {
    for (const type of ["waiting", "admitted", "denied", "expired"]) {
      expect(readMessage(JSON.stringify({ type }))).toEqual({ type });
    }
  });

  test("takes only well-formed knocks", () => {
    const knocks = [{ id: "k", name: "Ben", waiting_s: 4 }, { id: 7 }, null, "x", { id: "l", name: "Cléo" }];

    expect(readMessage(JSON.stringify({ type: "knocks", knocks }))).toEqual({
      type: "knocks",
      knocks: [
        { id: "k", name: "Ben", waitingSeconds: 4 },
        { id: "l", name: "Cléo", waitingSeconds: 0 },
      ],
    });
  });

  test("takes a card for what it is, and never beside a name", () => {
    const sealed = { id: "k", identity: "p_x", card: "AAAA", waiting_s: 2 };
    const knocks = [
      { ...sealed, name: "Somebody the server made up" },
      { id: "l", identity: "p_y" },
    ];

    expect(readMessage(JSON.stringify({ type: "knocks", knocks }))).toEqual({
      type: "knocks",
      knocks: [{ id: "k", identity: "p_x", card: "AAAA", waitingSeconds: 2 }],
    });
  });

  test.each(["", "{", "null", "[]", '"admitted"', '{"type":"opened"}'])("ignores %j", (text) => {
    expect(readMessage(text)).toBeNull();
  });

  test("ignores what is not text", () => {
    expect(readMessage(new Uint8Array([1]))).toBeNull();
  });
});
