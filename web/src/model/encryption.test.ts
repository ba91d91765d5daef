/** The one value that says how sealed a call is: it fails closed, and nothing opens it again. */

import { describe, expect, test } from "vitest";
import { type EncryptionEvent, type EncryptionState, encryptionAfter, encryptionBegins, inTransit } from "./encryption";
import { safetySymbols } from "./safety-symbols";

const member = (identity: string) => ({ identity, name: identity, isSelf: false, badge: "admitted" as const });
const epoch = (number: number, ...members: readonly string[]): EncryptionEvent => ({
  type: "epoch",
  epoch: number,
  members: members.map(member),
});
const code = { symbols: [1], digits: ["0001"] };
const stateAfter = (...events: readonly EncryptionEvent[]): EncryptionState =>
  events.reduce(encryptionAfter, encryptionBegins);

describe("the padlock", () => {
  test("opens the call with the first epoch, and shows the code when it is known", () => {
    expect(encryptionBegins.padlock).toBe("opening");
    const state = stateAfter(epoch(1, "anna"), { type: "code", epoch: 1, code });
    expect(state).toMatchObject({ padlock: "closed", epoch: 1, code });
  });

  test("shows no code of an epoch that is over", () => {
    expect(stateAfter(epoch(1, "anna"), { type: "code", epoch: 1, code }, epoch(2, "anna")).code).toBeNull();
    expect(stateAfter(epoch(2, "anna"), { type: "code", epoch: 1, code }).code).toBeNull();
  });

  test("stays broken whatever comes", () => {
    const broken = stateAfter(epoch(1, "anna"), { type: "broken", kind: "forked", at: 0 });
    expect(broken).toMatchObject({ padlock: "broken", code: null });
    for (const event of [
      epoch(2, "anna"),
      { type: "alarms-seen" } as const,
      { type: "code", epoch: 1, code } as const,
    ]) {
      expect(encryptionAfter(broken, event)).toBe(broken);
    }
  });

  test("never closes in a transit room", () => {
    expect(encryptionAfter(inTransit, epoch(1, "anna"))).toBe(inTransit);
  });

  test("tells of an alarm until it was seen, over epochs, and of each thing once", () => {
    const alarm = { type: "alarm", kind: "invalid_change", identity: null, at: 5 } as const;
    const rung = stateAfter(epoch(1, "anna"), alarm, alarm, epoch(2, "anna"));
    expect(rung.padlock).toBe("alarm");
    expect(rung.alarms).toHaveLength(1);
    expect(encryptionAfter(rung, { type: "alarms-seen" })).toMatchObject({ padlock: "closed", alarms: [] });
  });
});

describe("who is connected without a leaf", () => {
  const connected = { type: "connected", identities: ["ben", "mallory"] } as const;

  test("is blocked, and is no more once they are members", () => {
    const state = stateAfter(epoch(1, "anna", "ben"), connected);
    expect(state.blocked).toEqual(["mallory"]);
    expect(encryptionAfter(state, epoch(2, "anna", "ben", "mallory")).blocked).toEqual([]);
  });

  test("is nobody's concern before there is a tree", () => {
    expect(stateAfter(connected).blocked).toEqual([]);
  });
});

describe("members", () => {
  test("keep what is known of their media and their word over epochs", () => {
    const state = stateAfter(
      epoch(1, "anna", "ben"),
      { type: "media", identity: "ben", media: "sealed" },
      { type: "silent", identities: ["ben"] },
      epoch(2, "anna", "ben"),
    );
    expect(state.members.find(({ identity }) => identity === "ben")).toMatchObject({ media: "sealed", heard: false });
  });
});

test("the symbols of the safety code are 64, in the order of the Matrix table", () => {
  expect(new Set(safetySymbols).size).toBe(64);
  expect([0, 21, 29, 37, 46, 63].map((at) => safetySymbols[at])).toEqual(["🐶", "☁", "❤", "☂", "🔒", "📌"]);
});
