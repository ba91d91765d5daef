/** The check before a call, against a server and a network that fail where told. */

import { beforeEach, describe, expect, test } from "vitest";
import type { ErrorCode } from "../types/errors";
import { Failure, type RoomId, type SeatKey } from "../types/room";
import { ConnectionCheck, type Step } from "./connection-check";
import type { Ports } from "./ports";

let kept: Map<string, string>;
let known: Set<string>;
let made: number;
/** What fails, and how. */
let broken: Partial<Record<"unfit" | "server" | "signalling" | "media", ErrorCode>>;

function ports(): Ports {
  const fail = (code: ErrorCode | undefined) => {
    if (code !== undefined) throw new Failure(code);
  };
  const world = {
    rooms: {
      create: async () => {
        fail(broken.server);
        made += 1;
        known.add(`room-${made}`);
        return { room: `room-${made}` as RoomId, claim: "claim" };
      },
      claim: async () => undefined,
      look: async (room: RoomId) => {
        if (!known.has(room)) throw new Failure("room_unknown");
        return { role: "host", people: 0 };
      },
      enter: async () => ({ state: "admitted", ticket: { identity: "p", role: "host", token: "t" } }),
    },
    devices: { available: true },
    call: {
      probe: async (_ticket: unknown, onSignalling: () => void) => {
        fail(broken.signalling);
        onSignalling();
        fail(broken.media);
        return 12;
      },
    },
    keepsakes: {
      read: (key: string) => kept.get(key) ?? null,
      write: (key: string, value: string) => void kept.set(key, value),
    },
    drawSeatKey: () => "seat" as SeatKey,
    unfit: broken.unfit ?? null,
  };
  return world as unknown as Ports;
}

async function states(): Promise<string> {
  const check = new ConnectionCheck(ports());
  await check.run();
  const findings = check.findings.get();
  const steps: readonly Step[] = ["browser", "server", "signalling", "media"];
  return steps.map((step) => findings[step].state).join(" ");
}

beforeEach(() => {
  kept = new Map();
  known = new Set();
  made = 0;
  broken = {};
});

describe("a check", () => {
  test("finds everything good where a call works, and tells the way of a media packet", async () => {
    const check = new ConnectionCheck(ports());
    await check.run();

    expect(check.findings.get().media).toEqual({ state: "good", milliseconds: 12 });
    expect(await states()).toBe("good good good good");
  });

  test.each([
    ["unfit", "browser_unsupported", "bad waiting waiting waiting"],
    ["server", "too_many_requests", "good bad waiting waiting"],
    ["signalling", "server_unreachable", "good good bad waiting"],
    ["media", "media_unreachable", "good good good bad"],
  ] as const)("stops where %s fails", async (what, code, expected) => {
    broken = { [what]: code };

    expect(await states()).toBe(expected);
  });

  test("uses one room for all checks of a browser, and another once that is forgotten", async () => {
    await states();
    await states();
    expect(made).toBe(1);

    known.clear();
    expect(await states()).toBe("good good good good");
    expect(made).toBe(2);
  });
});
