/** A visit to a room against a small world in memory: who may do what when, and that nothing opens before a click. */

import { beforeEach, describe, expect, test, vi } from "vitest";
import { type DoorMessage, type Entry, Failure, type RoomId, type SeatKey } from "../types/room";
import { type CallState, callAfter, callBegins, type EndReason } from "./call";
import { Cell } from "./observable";
import type { Belongings, DeviceRefusal, LiveCall, OpenCamera, OpenMicrophone, Permission, Ports } from "./ports";
import { openPreferences } from "./preferences";
import { RoomSession } from "./room-session";

const ROOM = "abcdefghijklmnopqrstuvwxyz" as RoomId;

/** The world around one browser: a server that answers as told, devices that count how often they were opened. */
class World {
  readonly kept = new Map<string, string>();
  entry: Entry | Failure = { state: "admitted", ticket: { identity: "p", role: "guest", token: "t" } };
  claimFails: Failure | null = null;
  admitFails: Failure | null = null;
  refusal: DeviceRefusal | null = null;
  opened = 0;
  open = 0;
  entered = 0;
  calledThemselves = "";
  tell: (message: DoorMessage) => void = () => undefined;
  doors = 0;
  brought: Belongings | null = null;
  readonly call = new Cell<CallState>(callBegins);

  private device(): OpenMicrophone & OpenCamera {
    if (this.refusal !== null) throw this.refusal;
    this.opened += 1;
    this.open += 1;
    return {
      deviceId: "d",
      label: "Device",
      level: new Cell(0),
      picture: { attach: () => () => undefined },
      release: () => ({}) as MediaStreamTrack,
      close: () => {
        this.open -= 1;
      },
    };
  }

  end(reason: EndReason): void {
    this.call.set(callAfter(this.call.get(), { type: "ended", reason }));
  }

  readonly ports: Ports = {
    rooms: {
      create: async () => ({ room: ROOM, claim: "c" }),
      claim: async () => {
        if (this.claimFails !== null) throw this.claimFails;
      },
      look: async () => ({ role: "stranger", people: null }),
      enter: async (_room, _seat, name) => {
        this.entered += 1;
        this.calledThemselves = name;
        if (this.entry instanceof Failure) throw this.entry;
        return this.entry;
      },
      admit: async () => {
        if (this.admitFails !== null) throw this.admitFails;
      },
      deny: async () => undefined,
      admitAll: async () => undefined,
    },
    door: {
      listen: (_room, _seat, onMessage) => {
        this.doors += 1;
        this.tell = onMessage;
        return () => {
          this.doors -= 1;
        };
      },
    },
    devices: {
      available: true,
      permission: async (): Promise<Permission> => "prompt",
      list: async () => ({ microphone: [], camera: [], speaker: [] }),
      watchList: () => () => undefined,
      openMicrophone: async () => this.device(),
      openCamera: async () => this.device(),
      openBoth: async () => [this.device(), this.device()],
      chime: async () => undefined,
    },
    call: {
      prepare: () => undefined,
      join: async (_ticket, belongings) => {
        this.brought = belongings;
        const call: Partial<LiveCall> = { state: this.call, leave: async () => this.end("left") };
        return call as LiveCall;
      },
      probe: async () => null,
      canShareScreen: true,
      canChooseSpeaker: true,
    },
    keepsakes: {
      read: (key) => this.kept.get(key) ?? null,
      write: (key, value) => void this.kept.set(key, value),
    },
    drawSeatKey: () => `seat${Math.random()}` as SeatKey,
    unfit: null,
  };

  visit(): RoomSession {
    return new RoomSession(ROOM, this.ports, openPreferences(this.ports.keepsakes, ["fr"]));
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe("before a click", () => {
  test("no device is opened and nobody enters", async () => {
    const session = world.visit();
    await session.look(null);

    expect(session.visit.get().stand.at).toBe("pre-join");
    expect(world.opened).toBe(0);
    expect(world.entered).toBe(0);
  });

  test("a message from the door opens nothing and lets nobody in", async () => {
    const session = world.visit();
    await session.look(null);
    world.tell({ type: "admitted" });

    expect(world.opened + world.entered).toBe(0);
  });
});

describe("joining", () => {
  test("brings along the devices one wishes", async () => {
    const session = world.visit();
    await session.look(null);
    await session.join(" Anna ", "Invité");

    expect(session.visit.get().stand.at).toBe("call");
    expect(world.brought?.microphone).not.toBeNull();
    expect(world.brought?.camera).not.toBeNull();
  });

  test("is not kept from anybody by refused devices", async () => {
    world.refusal = { name: "NotAllowedError", message: "Permission denied" };
    const session = world.visit();
    await session.look(null);
    await session.join("Anna", "Invité");

    expect(session.visit.get().stand.at).toBe("call");
    expect(world.brought).toMatchObject({ microphone: null, camera: null });
    expect(session.desk.state.get().camera.problem).toBe("camera_blocked");
  });

  test("takes who gives no name under the usual one, and does not remember it", async () => {
    const session = world.visit();
    await session.look(null);
    await session.join("  ", "Invité");

    expect(world.calledThemselves).toBe("Invité");
    expect(JSON.parse(world.kept.get("huisclos.preferences") ?? "{}")).toMatchObject({ name: "" });
  });

  test("says why it failed and stays before the door", async () => {
    world.entry = new Failure("room_full");
    const session = world.visit();
    await session.look(null);
    await session.join("Anna", "Invité");

    expect(session.visit.get().stand).toEqual({ at: "pre-join", joining: false, trouble: { code: "room_full" } });
  });

  test("a spent claim still lets one in as a guest, and says so", async () => {
    world.claimFails = new Failure("claim_used");
    const session = world.visit();
    await session.look("c".repeat(20));

    expect(session.visit.get().stand).toMatchObject({ at: "pre-join", trouble: { code: "claim_used" } });
  });
});

describe("waiting", () => {
  beforeEach(() => {
    world.entry = { state: "waiting", knock: "k" };
  });

  async function waiting(): Promise<RoomSession> {
    const session = world.visit();
    await session.look(null);
    await session.join("Ben", "Invité");
    expect(session.visit.get().stand.at).toBe("waiting");
    expect(world.doors).toBe(1);
    return session;
  }

  test("ends in the call when a host opens", async () => {
    const session = await waiting();
    world.entry = { state: "admitted", ticket: { identity: "p", role: "guest", token: "t" } };
    world.tell({ type: "admitted" });

    await expect.poll(() => session.visit.get().stand.at).toBe("call");
    expect(world.doors).toBe(0);
  });

  test("a refusal closes the devices", async () => {
    const session = await waiting();
    expect(world.open).toBe(2);
    world.tell({ type: "denied" });

    expect(session.visit.get().stand.at).toBe("denied");
    expect(world.open).toBe(0);
  });

  test("goes on by itself when the knock was lost with the connection", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const session = await waiting();
    vi.setSystemTime(Date.now() + 40_000);
    world.tell({ type: "expired" });
    vi.useRealTimers();

    await expect.poll(() => world.entered).toBe(2);
    expect(session.visit.get().stand.at).toBe("waiting");
  });

  test("one can ask again when nobody answered", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const session = await waiting();
    vi.setSystemTime(Date.now() + 600_000);
    world.tell({ type: "expired" });
    vi.useRealTimers();
    expect(session.visit.get().stand.at).toBe("expired");

    await session.askAgain();
    expect(session.visit.get().stand.at).toBe("waiting");
  });

  test("leaving the page shuts the door and the devices", async () => {
    const session = await waiting();
    session.close();

    expect(world.doors).toBe(0);
    expect(world.open).toBe(0);
  });
});

describe("coming back", () => {
  test("takes the same seat, muted", async () => {
    const first = world.visit();
    await first.look(null);
    await first.join("Anna", "Invité");
    const seat = world.kept.get(`huisclos.seat.${ROOM}`);

    const second = world.visit();
    await second.look(null);
    expect(second.visit.get().returning).toBe(true);
    await second.join("Anna", "Invité");

    expect(world.kept.get(`huisclos.seat.${ROOM}`)).toBe(seat);
    expect(world.brought?.microphone).toBeNull();
    expect(world.brought?.camera).not.toBeNull();
  });

  test.each(["removed", "elsewhere", "closed", "lost", "left"] as const)(
    "a call that ended as %s says so",
    async (reason) => {
      const session = world.visit();
      await session.look(null);
      await session.join("Anna", "Invité");
      world.end(reason);

      expect(session.visit.get().stand).toEqual({ at: "ended", reason });
    },
  );
});

describe("a host", () => {
  test("hears who knocks, and an answer that came too late is no error", async () => {
    world.entry = { state: "admitted", ticket: { identity: "p", role: "host", token: "t" } };
    const session = world.visit();
    await session.look(null);
    await session.join("Anna", "Invité");
    world.tell({ type: "knocks", knocks: [{ id: "k", name: "Ben", waitingSeconds: 3 }] });

    expect(session.visit.get().knocks).toHaveLength(1);
    world.admitFails = new Failure("knock_unknown");
    await session.admit("k");
    expect(session.visit.get().answerTrouble).toBeNull();
  });

  test("is told when an answer did not arrive, until one does", async () => {
    const session = world.visit();
    await session.look(null);
    world.admitFails = new Failure("server_unreachable");
    await session.admit("k");
    expect(session.visit.get().answerTrouble).toEqual({ code: "server_unreachable" });

    world.admitFails = null;
    await session.admit("k");
    expect(session.visit.get().answerTrouble).toBeNull();
  });
});
