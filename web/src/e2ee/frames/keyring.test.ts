/** Epochs that come and go, and a counter that never repeats. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALICE, BOB, installation, MEMBERS, ringOf } from "./fixture";
import { Keyring, kidOf, LAST_COUNTER } from "./keyring";

describe("the keyring", () => {
  test("sends with nothing before the first switch", async () => {
    const ring = new Keyring();
    expect(await ring.turn()).toBeNull();

    await ring.install(await installation(1, ALICE));

    expect(await ring.turn()).toBeNull();
    ring.switchTo(1);
    expect((await ring.turn())?.kid).toBe(kidOf(ALICE, 1));
  });

  test("gives each counter once, to however many ask at once", async () => {
    const ring = await ringOf(ALICE, 1);

    const turns = await Promise.all(Array.from({ length: 500 }, () => ring.turn()));

    expect(new Set(turns.map((turn) => turn?.ctr)).size).toBe(500);
  });

  test("repeats no pair of base key and counter, whatever epochs are installed, switched to and wiped", async () => {
    const step = fc.record({ act: fc.constantFrom("install", "switch", "wipe", "turn"), epoch: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const ring = new Keyring();
        const used = new Set<string>();
        for (const { act, epoch } of steps) {
          // The base key is the epoch's: installing it again is the attack.
          if (act === "install") await ring.install(await installation(epoch, ALICE));
          if (act === "switch") ring.switchTo(epoch);
          if (act === "wipe") ring.wipe(epoch);
          const turn = await ring.turn();
          if (turn === null) continue;
          const pair = `${turn.epoch} ${turn.ctr}`;
          expect(used.has(pair)).toBe(false);
          used.add(pair);
        }
      }),
    );
  });

  test("takes no base key twice, under whatever epoch", async () => {
    const ring = await ringOf(ALICE, 1, 77);

    expect(await ring.install(await installation(1, ALICE, 77))).toBe(false);
    expect(await ring.install(await installation(2, ALICE, 77))).toBe(false);
    expect(await ring.install(await installation(2, ALICE, 78))).toBe(true);
  });

  test("sends no more when the counter is used up, until a new epoch", async () => {
    const ring = await ringOf(ALICE, 1, 1, 3);
    for (let frame = 0; frame < 3; frame += 1) expect(await ring.turn()).not.toBeNull();

    expect(await ring.turn()).toBeNull();

    await ring.install(await installation(2, ALICE));
    ring.switchTo(2);
    expect((await ring.turn())?.ctr).toBe(0n);
    expect(LAST_COUNTER).toBe(2 ** 48);
  });

  test("knows the senders of the old epoch until it is wiped", async () => {
    const ring = await ringOf(BOB, 1);
    await ring.install(await installation(2, BOB));
    ring.switchTo(2);

    expect(ring.sender(kidOf(ALICE, 1))?.identity).toBe("alice");
    ring.wipe(1);
    expect(ring.sender(kidOf(ALICE, 1))).toBeNull();
    expect(ring.sender(kidOf(ALICE, 2))?.identity).toBe("alice");
  });

  test("stops sending when it is told to use an epoch it does not have, or loses the one in use", async () => {
    const ring = await ringOf(ALICE, 1);
    ring.switchTo(257); // same low 8 bits
    expect(ring.sending).toBeNull();

    ring.switchTo(1);
    expect(ring.sending).toBe(1);
    ring.wipe(1);
    expect(await ring.turn()).toBeNull();
  });

  test("knows nobody under a KID outside the group", async () => {
    const ring = await ringOf(ALICE, 1);
    expect(ring.sender(kidOf(3, 1))).toBeNull();
    expect(ring.sender(kidOf(ALICE, 2))).toBeNull();
    expect(ring.sender(2n ** 64n - 1n)).toBeNull();
    for (const [leaf, identity] of MEMBERS) expect(ring.sender(kidOf(leaf, 1))?.identity).toBe(identity);
  });
});
