/** A slow switch under fast fingers. */

import { describe, expect, test } from "vitest";
import { Switch } from "./switch";

describe("Switch", () => {
  test("ends as last wished, with never two changes at once", async () => {
    let running = 0;
    let stands = false;
    const turned: boolean[] = [];
    const slow = new Switch(async (on) => {
      running += 1;
      expect(running).toBe(1);
      await Promise.resolve();
      stands = on;
      turned.push(on);
      running -= 1;
    });

    await Promise.all([slow.turn(true), slow.turn(false), slow.turn(true), slow.turn(false)]);

    expect(stands).toBe(false);
    expect(turned).toEqual([true, false]);
  });

  test("works again after a failure", async () => {
    let fails = true;
    const shaky = new Switch(async () => {
      if (fails) throw new Error("busy");
    });
    await expect(shaky.turn(true)).rejects.toThrow("busy");

    fails = false;
    await expect(shaky.turn(true)).resolves.toBeUndefined();
  });
});
