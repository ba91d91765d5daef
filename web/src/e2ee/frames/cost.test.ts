/** What sealing and opening a frame costs: every thread of this process counts, as WebCrypto works on others. The benchmark reads the figures (bench/e2ee.py). */

import { expect, test } from "vitest";
import { openFrame } from "./decoder";
import { sealFrame } from "./encoder";
import { ALICE, BOB, CAMERA, ringOf, vp8 } from "./fixture";

interface Usage {
  /** Microseconds. */
  readonly user: number;
  readonly system: number;
}
// The tests run in Node; the types of the client are a browser's.
declare const process: { cpuUsage(since?: Usage): Usage };

const FRAMES = 1000;
const LIMIT_MS = 1;

declare module "vitest" {
  interface TaskMeta {
    cost?: { frame: string; bytes: number; cpu_ms: number };
  }
}

test.for([
  ["a packet of sound", 120],
  ["a small picture", 1200],
  ["a large picture", 30_000],
] as const)("%s costs less than a millisecond of CPU at each end", async ([name, length], { task }) => {
  const [alice, bob] = [await ringOf(ALICE, 1), await ringOf(BOB, 1)];
  const frame = vp8(false, length);
  const before = process.cpuUsage();

  for (let count = 0; count < FRAMES; count += 1) {
    const sealed = await sealFrame(alice, CAMERA, "vp8", frame);
    if (typeof sealed === "string") throw new Error(sealed);
    expect(typeof (await openFrame(bob, CAMERA, "vp8", sealed))).toBe("object");
  }

  const used = process.cpuUsage(before);
  const cpuMs = (used.user + used.system) / 1000 / (2 * FRAMES);
  task.meta.cost = { frame: name, bytes: length, cpu_ms: cpuMs };
  expect(cpuMs).toBeLessThan(LIMIT_MS);
});
