/** Names, preferences and device problems: what comes from outside is read with care. */

import { describe, expect, test } from "vitest";
import { browserFamily, deviceProblem, screenProblem } from "./device-problem";
import { initials, shadeOf, tidyName } from "./person-name";
import { languageOf, readPreferences } from "./preferences";

describe("names", () => {
  test("lose what cannot be seen and what turns text around", () => {
    expect(tidyName("  An\u202ena\u200b \n Lind\u0000qvist ")).toBe("Anna Lindqvist");
  });

  test("are cut at 64 characters, not within one", () => {
    expect([...tidyName("🙂".repeat(80))]).toHaveLength(64);
  });

  test("give initials of the first and the last word", () => {
    expect(initials("Jean-Pierre de la Tour")).toBe("JT");
    expect(initials("élise")).toBe("É");
    expect(initials("\u200b")).toBe("?");
  });

  test("a person keeps their colour", () => {
    expect(shadeOf("p_1", 5)).toBe(shadeOf("p_1", 5));
    expect(shadeOf("p_1", 5)).toBeLessThan(5);
  });
});

describe("preferences", () => {
  test("begin with the browser's language, French or English", () => {
    expect(languageOf(["de-DE", "fr-CA", "en"])).toBe("fr");
    expect(languageOf(["de"])).toBe("en");
  });

  test.each([null, "", "{", "[]", "7", '{"name": 3, "devices": "x", "theme": "pink"}'])(
    "survive %j in storage",
    (stored) => {
      const read = readPreferences(stored, ["fr"]);

      expect(read).toMatchObject({ name: "", language: "fr", theme: "system", microphone: true, warnWhenMuted: false });
    },
  );

  test("keep what was chosen", () => {
    const stored = JSON.stringify({ name: "Anna", language: "en", microphone: false, devices: { camera: "c1" } });

    expect(readPreferences(stored, ["fr"])).toMatchObject({
      name: "Anna",
      language: "en",
      microphone: false,
      devices: { camera: "c1", microphone: null, speaker: null },
    });
  });
});

describe("device problems", () => {
  test.each([
    ["NotAllowedError", "Permission denied", "camera_blocked"],
    ["NotAllowedError", "Permission denied by system", "camera_blocked_by_system"],
    ["NotFoundError", "Requested device not found", "camera_missing"],
    ["NotReadableError", "Could not start video source", "camera_busy"],
    ["AbortError", "Starting failed", "camera_busy"],
    ["InsecureContext", "", "context_insecure"],
  ])("%s (%s) is %s", (name, message, code) => {
    expect(deviceProblem("camera", { name, message })).toBe(code);
  });

  test("closing the screen picker is no problem", () => {
    expect(screenProblem({ name: "NotAllowedError", message: "Permission denied" })).toBeNull();
    expect(screenProblem({ name: "NotAllowedError", message: "Permission denied by system" })).toBe("screen_blocked");
  });

  test("browsers are told apart for the words of their help", () => {
    expect(browserFamily("Mozilla/5.0 (X11) Gecko/20100101 Firefox/153.0")).toBe("firefox");
    expect(browserFamily("Mozilla/5.0 AppleWebKit/537.36 Chrome/156.0 Safari/537.36")).toBe("chromium");
    expect(browserFamily("Mozilla/5.0 (Macintosh) AppleWebKit/605 Version/18.0 Safari/605")).toBe("safari");
  });
});
