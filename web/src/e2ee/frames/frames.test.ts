/** One frame through encoder and decoder, and everything that must not come out at the other end. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Codec } from "./clear-prefix";
import { openData, openFrame } from "./decoder";
import { sealData, sealFrame } from "./encoder";
import { ALICE, BOB, bytes, CAMERA, hex, installation, ringOf, vp8 } from "./fixture";
import { Keyring } from "./keyring";
import type { Bytes } from "./sframe";
import type { Kind, Stream } from "./stream";

const IDR = bytes("0000000167640c1f0000000168ee3c8000000001658884000000010300ff");

function sealedBytes(result: Bytes | string): Bytes {
  if (typeof result === "string") throw new Error(result);
  return result;
}

async function pair() {
  return { alice: await ringOf(ALICE, 1), bob: await ringOf(BOB, 1) };
}

describe("a sealed frame", () => {
  test.each<[string, Kind, Codec, Bytes]>([
    ["VP8 key", "video", "vp8", vp8(true)],
    ["VP8 delta", "screen", "vp8", vp8(false)],
    ["VP9", "video", "vp9", vp8(true)],
    ["H.264", "video", "h264", IDR],
    ["Opus", "audio", "opus", bytes("78aabbccddeeff")],
  ])("of %s opens at the receiver and shows nothing of its body on the way", async (_, kind, codec, frame) => {
    const { alice, bob } = await pair();
    const stream: Stream = { ...CAMERA, kind };

    const sealed = sealedBytes(await sealFrame(alice, stream, codec, frame));
    const opened = await openFrame(bob, stream, codec, sealed);

    expect(typeof opened === "string" ? opened : hex(opened.data)).toBe(hex(frame));
    expect(hex(sealed)).not.toContain(hex(frame.slice(-4)));
    expect(hex(sealed)).not.toBe(hex(sealedBytes(await sealFrame(alice, stream, codec, frame))));
  });

  test("is not larger than its frame by more than 24 bytes", async () => {
    const { alice } = await pair();
    expect(sealedBytes(await sealFrame(alice, CAMERA, "vp8", vp8(true))).length - 400).toBeLessThanOrEqual(24);
  });

  test("does not open with any bit changed", async () => {
    const { alice, bob } = await pair();
    const sealed = sealedBytes(await sealFrame(alice, CAMERA, "vp8", vp8(true, 60)));

    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const spoiled = sealed.slice();
      spoiled[bit >> 3] = (spoiled[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(typeof (await openFrame(bob, CAMERA, "vp8", spoiled)), `bit ${bit}`).toBe("string");
    }
    expect(typeof (await openFrame(bob, CAMERA, "vp8", sealed))).toBe("object");
  });

  test("opens once, in whichever track object it comes again", async () => {
    const { alice, bob } = await pair();
    const sealed = sealedBytes(await sealFrame(alice, CAMERA, "vp8", vp8(false)));

    expect(typeof (await openFrame(bob, CAMERA, "vp8", sealed))).toBe("object");
    expect(await openFrame(bob, { ...CAMERA }, "vp8", sealed)).toBe("replay");
  });

  test("opens once even when two copies are opened at the same time", async () => {
    const { alice, bob } = await pair();
    const sealed = sealedBytes(await sealFrame(alice, CAMERA, "vp8", vp8(false)));

    const both = await Promise.all([1, 2].map(() => openFrame(bob, CAMERA, "vp8", sealed)));

    expect(both.filter((one) => typeof one === "object")).toHaveLength(1);
  });

  test.each<[string, Partial<Stream>, string]>([
    ["as another member's", { identity: "bob" }, "wrong_leaf"],
    ["as a screen", { kind: "screen" }, "bad_tag"],
    ["as sound", { kind: "audio" }, "bad_tag"],
    ["in another slot", { slot: 1 }, "bad_tag"],
  ])("does not open %s", async (_, change, reason) => {
    const { alice, bob } = await pair();
    const sealed = sealedBytes(await sealFrame(alice, CAMERA, "vp8", vp8(false)));

    expect(await openFrame(bob, { ...CAMERA, ...change }, "vp8", sealed)).toBe(reason);
    expect(typeof (await openFrame(bob, CAMERA, "vp8", sealed))).toBe("object");
  });

  test("does not open for whoever lacks the epoch, and a forged one does not move the window", async () => {
    const { alice, bob } = await pair();
    await alice.install(await installation(2, ALICE));
    const early = sealedBytes(await sealFrame(alice, CAMERA, "vp8", vp8(false)));
    alice.switchTo(2);

    expect(await openFrame(bob, CAMERA, "vp8", sealedBytes(await sealFrame(alice, CAMERA, "vp8", vp8(false))))).toBe(
      "no_key",
    );

    const stranger = await ringOf(ALICE, 1, 99);
    let forged = early;
    for (let frame = 0; frame < 3000; frame += 1)
      forged = sealedBytes(await sealFrame(stranger, CAMERA, "vp8", vp8(false)));
    expect(await openFrame(bob, CAMERA, "vp8", forged)).toBe("bad_tag");
    expect(typeof (await openFrame(bob, CAMERA, "vp8", early))).toBe("object");
  });
});

describe("what is not sealed", () => {
  test("does not open, whatever it is", async () => {
    const bob = await ringOf(BOB, 1);
    const data = fc.uint8Array({ maxLength: 200 }).map((some) => new Uint8Array(some));
    const codecs = fc.constantFrom<Codec>("opus", "vp8", "vp9", "h264");
    await fc.assert(
      fc.asyncProperty(data, codecs, async (frame, codec) => {
        expect(typeof (await openFrame(bob, CAMERA, codec, frame))).toBe("string");
      }),
      { numRuns: 500 },
    );
    expect(typeof (await openFrame(bob, CAMERA, "vp8", vp8(true)))).toBe("string");
  });

  test("does not leave without a key", async () => {
    const ring = new Keyring();
    expect(await sealFrame(ring, CAMERA, "vp8", vp8(true))).toBe("no_key");
    await ring.install(await installation(1, ALICE));
    expect(await sealFrame(ring, CAMERA, "vp8", vp8(true))).toBe("no_key");
    expect(await sealData(ring, bytes("01"))).toBe("no_key");
  });
});

describe("a data packet", () => {
  test("opens as its sender's, once, and as nobody else's", async () => {
    const { alice, bob } = await pair();
    const sealed = sealedBytes(await sealData(alice, bytes("c0ffee")));

    expect(await openData(bob, "bob", sealed)).toBe("wrong_leaf");
    expect(await openFrame(bob, CAMERA, "vp9", sealed)).toBe("bad_tag");
    const opened = await openData(bob, "alice", sealed);
    expect(typeof opened === "string" ? opened : hex(opened.data)).toBe("c0ffee");
    expect(await openData(bob, "alice", sealed)).toBe("replay");
  });
});
