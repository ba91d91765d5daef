/** Both languages are whole, and errors never show a brace. */

import { describe, expect, test } from "vitest";
import { type ErrorCode, errorTexts } from "../types/errors";
import { dictionaries, errorText } from "./words";

function leaves(value: unknown, path = ""): string[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
  return [`${path}:${typeof value}`];
}

describe("dictionaries", () => {
  test("have the same keys with the same kinds of values", () => {
    expect(leaves(dictionaries.en).sort()).toEqual(leaves(dictionaries.fr).sort());
  });

  test("have no empty text", () => {
    for (const texts of Object.values(dictionaries)) expect(JSON.stringify(texts)).not.toContain('""');
  });

  test("count people", () => {
    expect(dictionaries.fr.preJoin.people(1)).toBe("1 personne est déjà là.");
    expect(dictionaries.en.preJoin.people(2)).toBe("2 people are already here.");
  });
});

describe("errorText", () => {
  test("fills its braces", () => {
    expect(errorText("connection_lost", "en", { seconds: 7 }).message).toBe("Reconnecting… 7 s");
  });

  test.each(Object.keys(errorTexts) as ErrorCode[])("%s shows no brace that nobody filled", (code) => {
    for (const language of ["fr", "en"] as const) {
      const { message, help } = errorText(code, language);
      expect(`${message}${help}`).not.toMatch(/[{}]/);
    }
  });
});

test("the symbols of the safety code are named in the order of the table", () => {
  const at = [0, 21, 29, 37, 46, 63];
  const names = (symbols: readonly (string | undefined)[]) => at.map((place) => symbols[place]);
  expect(names(dictionaries.en.safety.symbols)).toEqual(["Dog", "Cloud", "Heart", "Umbrella", "Padlock", "Pin"]);
  expect(names(dictionaries.fr.safety.symbols)).toEqual(["Chien", "Nuage", "Cœur", "Parapluie", "Cadenas", "Punaise"]);
});
