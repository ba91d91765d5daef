/** The door under a host's hands: whom an invitation lets in without a click, and whom it does not. */

import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Arrival, type Caller, Failure, type Knock, type RoomId, type SeatKey } from "../types/room";
import { Invitations } from "./invitations";
import type { LinkKeys, RoomPlace } from "./link";
import { Porter } from "./porter";
import type { KeepsakePort, RoomEncryption, RoomsPort } from "./ports";

const ROOM = "abcdefghijklmnopqrstuvwxyz" as RoomId;
const KEYS: LinkKeys = { secret: "S", fingerprint: "F", hostSeed: null, invitation: null };
const PLACE: RoomPlace = { at: "room", room: ROOM, claim: null, keys: KEYS };

/** A host at the door. Cards read "<name>" or "<name> by <invitation>"; anything else does not open. */
class Door {
  readonly kept = new Map<string, string>();
  readonly admitted: string[] = [];
  readonly arrivals: Arrival[] = [];
  callers: readonly Caller[] = [];
  trouble: string | null = null;
  admitFails: Failure | null = null;
  #drawn = 0;

  readonly keepsakes: KeepsakePort = {
    read: (key) => this.kept.get(key) ?? null,
    write: (key, value) => void this.kept.set(key, value),
  };
  readonly encryption: Partial<RoomEncryption> = {
    mayInvite: true,
    openCard: async (card) => {
      const [, name, invitation] = /^(\w+)(?: by (\w+))?$/.exec(card) ?? [];
      return name === undefined ? null : { identity: `p_${name}`, name, invitation: invitation ?? null };
    },
    certify: async (card) => `leave for ${card}`,
    invitation: async (id) => {
      this.#drawn += 1;
      return { id: id ?? `i${this.#drawn}`, secret: "I" };
    },
  };
  readonly rooms: Partial<RoomsPort> = {
    admit: async (_room, knock, _seat, leave) => {
      if (this.admitFails !== null) throw this.admitFails;
      this.admitted.push(`${knock}: ${leave}`);
    },
    admitAll: async (_room, _seat, leaves) => void this.admitted.push(...Object.keys(leaves ?? {})),
  };
  readonly invitations = this.book();
  readonly porter = new Porter(
    this.rooms as RoomsPort,
    ROOM,
    "seat" as SeatKey,
    () => this.encryption as RoomEncryption,
    this.invitations,
    ({ knocks, arrived, answerTrouble }) => {
      if (knocks !== undefined) this.callers = knocks;
      if (arrived !== undefined) this.arrivals.push(arrived);
      if (answerTrouble !== undefined) this.trouble = answerTrouble?.code ?? null;
    },
  );

  book(): Invitations {
    return new Invitations(this.keepsakes, PLACE, () => this.encryption as RoomEncryption);
  }

  async knocks(...knocks: readonly Knock[]): Promise<void> {
    await this.porter.heard(knocks);
  }
}

const knock = (id: string, name: string, invitation: string | null = null, identity = `p_${name}`): Knock => ({
  id,
  identity,
  card: invitation === null ? name : `${name} by ${invitation}`,
  waitingSeconds: 0,
});

let door: Door;
beforeEach(() => {
  door = new Door();
});

describe("a fresh invitation", () => {
  test("lets its bearer in without a click, and the host is told", async () => {
    expect(await door.invitations.issue(" Mamie ")).toBe(`/r/${ROOM}#1.I.F.ii1`);
    await door.knocks(knock("k", "Jeanne", "i1"));

    await vi.waitFor(() => expect(door.arrivals).toEqual([{ knock: "k", label: "Mamie", name: "Jeanne" }]));
    expect(door.admitted).toEqual(["k: leave for Jeanne by i1"]);
    expect(door.invitations.list.get()).toEqual([{ id: "i1", label: "Mamie", seat: "p_Jeanne", revoked: false }]);
  });

  test("lets one seat in, however many show it at once; the second knocks like anybody and is named", async () => {
    await door.invitations.issue("Mamie");
    await door.knocks(knock("k", "Jeanne", "i1"), knock("l", "Eve", "i1"));
    await door.knocks(knock("l", "Eve", "i1"), knock("m", "Ben"));

    await vi.waitFor(() => expect(door.arrivals).toHaveLength(1));
    expect(door.admitted).toHaveLength(1);
    expect(door.callers).toEqual([
      { id: "l", name: "Eve", waitingSeconds: 0, invitation: { label: "Mamie", standing: "used" } },
      { id: "m", name: "Ben", waitingSeconds: 0 },
    ]);
    // A host may still open to her.
    await door.porter.admit("l");
    expect(door.admitted).toHaveLength(2);
  });

  test("counts as used though the server says that nothing came of it: the leave has left this browser", async () => {
    await door.invitations.issue("Mamie");
    door.admitFails = new Failure("server_unreachable");
    await door.knocks(knock("k", "Jeanne", "i1"));

    await vi.waitFor(() => expect(door.trouble).toBe("server_unreachable"));
    expect(door.arrivals).toEqual([]);
    expect(door.invitations.standing("i1")).toBe("used");
    await vi.waitFor(() => expect(door.callers).toMatchObject([{ id: "k", invitation: { standing: "used" } }]));
  });

  test("lets nobody in whose card is another identity's, or does not open", async () => {
    await door.invitations.issue("Mamie");
    await door.knocks(knock("k", "Jeanne", "i1", "p_Eve"), { ...knock("l", "Eve"), card: "?!" });

    expect(door.admitted).toEqual([]);
    expect(door.callers.map(({ name }) => name)).toEqual([null, null]);
    // The control.
    await door.knocks(knock("m", "Jeanne", "i1"));
    await vi.waitFor(() => expect(door.admitted).toHaveLength(1));
  });
});

describe("an invitation that was revoked", () => {
  test("lets nobody in, not even by a host's click or with all the others; the other invitations and the link go on", async () => {
    await door.invitations.issue("Mamie");
    await door.invitations.issue("Zoé");
    door.invitations.revoke("i1");
    await door.knocks(knock("k", "Jeanne", "i1"), knock("l", "Zoe", "i2"), knock("m", "Ben"));

    await vi.waitFor(() => expect(door.arrivals).toMatchObject([{ label: "Zoé" }]));
    expect(door.callers).toMatchObject([
      { id: "k", invitation: { label: "Mamie", standing: "revoked" } },
      { id: "m", name: "Ben" },
    ]);
    await door.porter.admit("k");
    expect(door.trouble).toBe("invitation_revoked");
    await door.porter.admitAll();
    expect(door.admitted).toEqual(["l: leave for Zoe by i2", "m"]);
  });

  test("is shown as such to who waits already", async () => {
    await door.invitations.issue("Mamie");
    door.invitations.used("i1", "p_Somebody");
    await door.knocks(knock("k", "Jeanne", "i1"));
    expect(door.callers).toMatchObject([{ invitation: { standing: "used" } }]);

    door.invitations.revokeOf("p_Somebody");
    await door.porter.lookAgain();

    expect(door.callers).toMatchObject([{ invitation: { standing: "revoked" } }]);
  });
});

describe("the list of invitations", () => {
  test("is the browser's, without any secret, and one that another browser gave out knocks like anybody", async () => {
    await door.invitations.issue("Mamie");
    expect(door.book().list.get()).toEqual(door.invitations.list.get());
    expect([...door.kept.values()].join()).not.toContain('"I"');

    await door.knocks(knock("k", "Jeanne", "i9"));
    expect(door.admitted).toEqual([]);
    expect(door.callers).toMatchObject([{ name: "Jeanne", invitation: { label: null, standing: "unknown" } }]);
  });

  test("is empty where what is kept makes no sense", () => {
    for (const kept of ["", "{", "{}", '[{"id":1}]', "[null]"]) {
      door.kept.set(`huisclos.invitations.${ROOM}`, kept);
      expect(door.book().list.get()).toEqual([]);
    }
  });

  test("gives the link of an invitation again", async () => {
    const path = await door.invitations.issue("Mamie");
    expect(await door.invitations.link("i1")).toBe(path);
  });
});
