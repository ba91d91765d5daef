/** Which key does what, and when it must not. */

import { describe, expect, test } from "vitest";
import { commandFor, type KeyPress } from "./shortcuts";

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrl: false,
  alt: false,
  meta: false,
  ...held,
});

describe("commandFor", () => {
  test.each([
    ["m", "microphone"],
    ["M", "microphone"],
    ["v", "camera"],
    ["d", "screen"],
    ["w", "view"],
    ["p", "people"],
    ["?", "help"],
    [" ", "talk"],
  ])("%j asks for %s", (key, command) => {
    expect(commandFor(press(key), "nowhere", true)).toBe(command);
  });

  test("control with D and E works like the letters", () => {
    expect(commandFor(press("d", { ctrl: true }), "control", true)).toBe("microphone");
    expect(commandFor(press("e", { meta: true }), "control", true)).toBe("camera");
  });

  test("letters with other modifiers belong to the browser", () => {
    expect(commandFor(press("m", { ctrl: true }), "nowhere", true)).toBeNull();
    expect(commandFor(press("p", { alt: true }), "nowhere", true)).toBeNull();
  });

  test("text fields keep every key", () => {
    expect(commandFor(press("m"), "text", true)).toBeNull();
    expect(commandFor(press("d", { ctrl: true }), "text", true)).toBeNull();
  });

  test("Space belongs to the control that has the focus", () => {
    expect(commandFor(press(" "), "control", true)).toBeNull();
    expect(commandFor(press("m"), "control", true)).toBe("microphone");
  });

  test("single keys can be switched off, and the chords stay", () => {
    expect(commandFor(press("m"), "nowhere", false)).toBeNull();
    expect(commandFor(press(" "), "nowhere", false)).toBeNull();
    expect(commandFor(press("d", { ctrl: true }), "nowhere", false)).toBe("microphone");
  });
});
