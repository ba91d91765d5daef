/** A visit to a room against a small world in memory: who may do what when, and that nothing opens before a click. */

import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Entry, Failure, type Look } from "../types/room";
import { guestLink } from "./link";
import { pinOf } from "./pins";
import type { RoomSession } from "./room-session";
import { KEYS, ROOM, World } from "./room-session.fixture";

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

    expect(world.visitor).toEqual({ name: "Invité" });
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
    world.entry = { state: "admitted", ticket: { identity: "p", role: "guest", token: "t", certificate: null } };
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
    world.entry = { state: "admitted", ticket: { identity: "p", role: "host", token: "t", certificate: null } };
    const session = world.visit();
    await session.look(null);
    await session.join("Anna", "Invité");
    world.tell({ type: "knocks", knocks: [{ id: "k", name: "Ben", waitingSeconds: 3 }] });

    await expect.poll(() => session.visit.get().knocks.length).toBe(1);
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

describe("an encrypted room", () => {
  const sealed: Look = { role: "guest", people: null, encryption: "e2ee", policy: "p" };
  const admitted = (certificate: string | null, role: "guest" | "host" = "guest"): Entry => ({
    state: "admitted",
    ticket: { identity: "p_me", role, token: "t", certificate },
  });

  test("has its keys before anything is connected, and shows itself by a card instead of a name", async () => {
    world.look = sealed;
    world.entry = admitted("leave");
    const session = world.visit(KEYS);
    await session.look(null);
    expect(session.encryption.get().padlock).toBe("opening");
    await session.join("Anna", "Invité");

    expect(world.visitor).toEqual({ identity: "p_me", card: "card of Anna" });
    expect(world.log).toEqual(["open p", "enter as guest", "call closed"]);
    expect(session.encryption.get().padlock).toBe("closed");
    session.close();
    expect(world.log).toContain("close");
  });

  test.each([
    ["as transit", { ...sealed, encryption: "transit", policy: null }, "downgrade_refused"],
    ["without a policy", { ...sealed, policy: null }, "downgrade_refused"],
    ["with another's policy", { ...sealed, policy: "forged" }, "link_mismatch"],
  ] as const)("is not entered when the server presents it %s", async (_how, look, code) => {
    world.look = look;
    const session = world.visit(KEYS);
    await session.look(null);

    expect(session.visit.get().stand).toEqual({ at: "nowhere", trouble: { code } });
    expect(world.entered).toBe(0);
  });

  test("is not entered by an open link once this browser has seen it encrypted", async () => {
    world.look = sealed;
    await world.visit(KEYS).look(null);
    world.look = { ...sealed, encryption: "transit", policy: null };
    const session = world.visit(null);
    await session.look(null);

    expect(session.visit.get().stand).toEqual({ at: "nowhere", trouble: { code: "downgrade_refused" } });
  });

  test("is not entered under an older policy than the one seen before", async () => {
    world.kept.set(`huisclos.pin.${ROOM}`, "2");
    world.look = sealed;
    const session = world.visit(KEYS);
    await session.look(null);

    expect(session.visit.get().stand).toEqual({ at: "nowhere", trouble: { code: "policy_outdated" } });
  });

  test("opens no call for a guest whom no host has certified", async () => {
    world.look = sealed;
    world.entry = admitted(null);
    const session = world.visit(KEYS);
    await session.look(null);
    await session.join("Anna", "Invité");

    expect(session.visit.get().stand.at).toBe("pre-join");
    expect(world.log).toEqual(["open p"]);
  });

  test("lets a host admit those whose card opens, with a certificate, and nobody else", async () => {
    world.look = { ...sealed, role: "host" };
    world.entry = admitted(null, "host");
    const session = world.visit(KEYS);
    await session.look(null);
    await session.join("Anna", "Organisateur");
    const knocks = [
      { id: "1", identity: "p_Ben", card: "card of Ben", waitingSeconds: 1 },
      { id: "2", identity: "p_Eve", card: "card of Ben", waitingSeconds: 1 },
      { id: "3", identity: "p_Eve", card: "scribble", waitingSeconds: 1 },
      { id: "4", name: "Somebody the server made up", waitingSeconds: 1 },
    ];
    world.tell({ type: "knocks", knocks });

    await expect.poll(() => session.visit.get().knocks.map(({ name }) => name)).toEqual(["Ben", null, null, null]);
    await session.admit("1");
    expect(world.certified).toBe("certificate for the card of Ben");
    await session.admit("2");
    expect(session.visit.get().answerTrouble).toEqual({ code: "card_unreadable" });
    await session.admitAll();
    expect(JSON.parse(world.certified)).toEqual({ "1": "certificate for the card of Ben" });
  });

  async function hosting(): Promise<RoomSession> {
    world.look = { ...sealed, role: "host" };
    world.entry = admitted(null, "host");
    const session = world.visit(KEYS);
    await session.look(null);
    return session;
  }

  test("takes keys and seat from somebody, and the keys even when the server refuses the seat", async () => {
    const session = await hosting();
    world.removeFails = new Failure("person_unknown");

    expect(await session.remove("p_Ben", true)).toEqual({ code: "person_unknown" });
    expect(world.log).toEqual(expect.arrayContaining(["keys of p_Ben go with a new link", "policy 2 posted"]));

    world.removeFails = null;
    expect(await session.remove("p_Ben", false)).toBeNull();
    expect(world.log).toContain("keys of p_Ben go");
  });

  test("tells the server of new rules again where it was out of reach, and is content with later ones there", async () => {
    const session = await hosting();
    world.postFails = [new Failure("server_unreachable")];
    await session.changePolicy({ newLink: true });
    expect(world.log.at(-1)).toBe("policy 2 posted");

    world.postFails = [new Failure("policy_stale")];
    await session.changePolicy({ newLink: true });
    world.postFails = [new Failure("host_only")];
    await expect(session.changePolicy({ newLink: true })).rejects.toMatchObject({ code: "host_only" });
  });

  test("whose link a host changes is invited to and come back to by the new one, and never under older rules", async () => {
    const session = await hosting();
    const links: string[] = [];
    session.link.watch(() => links.push(guestLink(session.link.get())));

    world.governance.set({ seq: 2, secret: "S".repeat(22) });
    world.governance.set({ seq: 3, secret: "S".repeat(22) });

    expect(links).toEqual([`/r/${ROOM}#1.${"S".repeat(22)}.${KEYS.fingerprint}`]);
    expect(pinOf(world.ports.keepsakes, ROOM)).toBe(3);
  });

  test("whose link was changed reads the cards at the door anew", async () => {
    const session = await hosting();
    await session.join("Anna", "Guest");
    const knock = { id: "1", identity: "p_Ben", card: "card of Ben", waitingSeconds: 1 };
    world.tell({ type: "knocks", knocks: [knock] });
    await vi.waitFor(() => expect(session.visit.get().knocks).toMatchObject([{ name: "Ben" }]));

    world.oldCards.add("card of Ben");
    world.governance.set({ seq: 2, secret: "S".repeat(22) });

    await vi.waitFor(() => expect(session.visit.get().knocks).toMatchObject([{ name: null }]));
  });
});
