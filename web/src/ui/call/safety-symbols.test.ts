/** Two people who compare symbols never take one for another. */

import { expect, test } from "vitest";
import { dictionaries } from "../../i18n/words";
import { safetySymbols } from "../../model/safety-symbols";

test("there are 64 different symbols, one for each six bits", () => {
  expect(safetySymbols).toHaveLength(64);
  expect(new Set(safetySymbols).size).toBe(64);
});

test.each(["fr", "en"] as const)("every symbol has a name of its own in %s", (language) => {
  const names = dictionaries[language].safety.symbols.map((name) => name.toLowerCase());

  expect(names).toHaveLength(64);
  expect(new Set(names).size).toBe(64);
});
