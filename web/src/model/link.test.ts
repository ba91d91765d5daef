/** Addresses and pins: what comes from outside is read with care, and no room is ever met as less than it was. */

import { describe, expect, test } from "vitest";
import vectors from "../../../contract/e2ee-vectors.json";
import type { Look, RoomId } from "../types/room";
import {
  guestLink,
  isShareable,
  type Kept,
  personalLink,
  placeOf,
  type RoomPlace,
  roomFromPasted,
  roomPath,
  wholeLink,
  withoutClaim,
} from "./link";
import { pin, pinOf, refusalOf } from "./pins";

const ID = "abcdefghijklmnopqrstuvwxyz";
const S = "AAAAAAAAAAAAAAAAAAAAAA";
const F = "BBBBBBBBBBBBBBBBBBBBBA";
const SEED = "C".repeat(43);
const CLAIM = "D".repeat(43);
const keys = { secret: S, fingerprint: F, hostSeed: null, invitation: null };
const sealed = { at: "room", room: ID, claim: null, keys };
const open = { at: "room", room: ID, claim: null, keys: null };

const keeping = (link: string | null, room: string | null = ID): Kept => ({ room, link: () => link });

describe("links", () => {
  test("lead home, into a room, or nowhere", () => {
    expect(placeOf("/", "")).toEqual({ at: "home" });
    expect(placeOf(`/r/${ID}`, `#1.${S}.${F}`)).toEqual(sealed);
    expect(placeOf(`/t/${ID}`, "")).toEqual(open);
    expect(placeOf("/r/short", "")).toEqual({ at: "nowhere" });
    expect(placeOf(`/x/${ID}`, "")).toEqual({ at: "nowhere" });
    expect(placeOf(`/r/${ID}/../..`, "")).toEqual({ at: "nowhere" });
  });

  test("are read as the contract's vectors write them", () => {
    const hex = (text: string) =>
      [...atob(text.replaceAll("-", "+").replaceAll("_", "/"))].map((c) =>
        c.charCodeAt(0).toString(16).padStart(2, "0"),
      );
    const { link } = vectors;
    const place = placeOf(`/r/${link.room}`, `#${link.fragment}`);

    if (place.at !== "room" || place.keys === null) throw new Error("no room");
    expect(hex(place.keys.secret).join("")).toBe(link.secret);
    expect(hex(place.keys.fingerprint).join("")).toBe(link.f);
  });

  test("of a host bring the claim and the host key", () => {
    const place = { ...sealed, claim: CLAIM, keys: { ...keys, hostSeed: SEED } };
    expect(placeOf(`/r/${ID}`, `#1.${S}.${F}.${CLAIM}.${SEED}`)).toEqual(place);
    expect(placeOf(`/t/${ID}`, `#host=${CLAIM}`)).toEqual({ ...open, claim: CLAIM });
  });

  test("of a personal invitation say which one, and are never taken for a guest's or a host's", () => {
    const id = "E".repeat(11);
    const invited = { ...sealed, keys: { ...keys, invitation: id } } as RoomPlace;
    const link = `/r/${ID}#1.${S}.${F}.i${id}`;

    expect(placeOf(`/r/${ID}`, `#1.${S}.${F}.i${id}`)).toEqual(invited);
    expect(wholeLink(invited)).toBe(link);
    expect(personalLink(sealed as RoomPlace, { id, secret: S })).toBe(link);
    expect(
      personalLink({ ...sealed, claim: CLAIM, keys: { ...keys, hostSeed: SEED } } as RoomPlace, { id, secret: S }),
    ).toBe(link);
    expect(placeOf(`/r/${ID}`, "", keeping(link))).toEqual(invited);
    expect([isShareable(invited), isShareable(sealed as RoomPlace), isShareable(open as RoomPlace)]).toEqual([
      false,
      true,
      true,
    ]);
    // A claim may begin with an i: its length and the seed's dot keep it apart.
    const claim = `i${"D".repeat(42)}`;
    expect(placeOf(`/r/${ID}`, `#1.${S}.${F}.${claim}.${SEED}`)).toMatchObject({ claim, keys: { invitation: null } });
  });

  test.each([
    `#1.${S}.${F}.i`,
    `#1.${S}.${F}.i${"E".repeat(10)}`,
    `#1.${S}.${F}.i${"E".repeat(12)}`,
    `#1.${S}.${F}.i${"E".repeat(11)}.${SEED}`,
    "",
    "#",
    "#1",
    `#1.${S}`,
    `#1.${S}.`,
    `#1.${S}.${F}.${CLAIM}`,
    `#2.${S}.${F}`,
    `#host=${CLAIM}`,
    `#1.${S}.${F}x`,
  ])("of an encrypted room are incomplete with %j: such a room is never met without its secret", (hash) => {
    expect(placeOf(`/r/${ID}`, hash)).toEqual({ at: "incomplete" });
  });

  test("whose fragment was taken out of sight still bring it", () => {
    expect(placeOf(`/r/${ID}`, "", keeping(`/r/${ID}#1.${S}.${F}`))).toEqual(sealed);
    expect(placeOf(`/t/${ID}`, "", keeping(`/t/${ID}#host=${CLAIM}`))).toEqual({ ...open, claim: CLAIM });
  });

  test("are never completed by a kept link of another room or of another kind", () => {
    const other = ID.replace("a", "b");
    expect(placeOf(`/r/${other}`, "", keeping(`/r/${ID}#1.${S}.${F}`))).toEqual({ at: "incomplete" });
    expect(placeOf(`/r/${ID}`, "", keeping(`/t/${ID}`))).toEqual({ at: "incomplete" });
    expect(placeOf(`/t/${ID}`, "", keeping(`/r/${ID}#1.${S}.${F}`))).toEqual(open);
  });

  test("that are new win over what was kept", () => {
    const newer = S.replace("A", "Z");
    const place = placeOf(`/r/${ID}`, `#1.${newer}.${F}`, keeping(`/r/${ID}#1.${S}.${F}`));
    expect(place).toEqual({ ...sealed, keys: { ...keys, secret: newer } });
  });

  test("of a call lead back only where the tab has kept the room, which is read with care", () => {
    expect(placeOf("/call", "")).toEqual({ at: "no-call" });
    expect(placeOf("/call", "", keeping(`/r/${ID}#1.${S}.${F}`))).toEqual(sealed);
    expect(placeOf("/call", "", keeping(`/t/${ID}`))).toEqual(open);
    expect(placeOf("/call", "", keeping("../../elsewhere"))).toEqual({ at: "no-call" });
    expect(placeOf("/call", "", keeping("/call"))).toEqual({ at: "no-call" });
    expect(placeOf("/call", "", keeping(`/r/${ID}`))).toEqual({ at: "no-call" });
  });

  test("show the server and the address bar nothing but the room", () => {
    const host = { ...sealed, claim: CLAIM, keys: { ...keys, hostSeed: SEED } } as RoomPlace;
    expect(roomPath(host)).toBe(`/r/${ID}`);
    expect(guestLink(host)).toBe(`/r/${ID}#1.${S}.${F}`);
    expect(wholeLink(host)).toBe(`/r/${ID}#1.${S}.${F}.${CLAIM}.${SEED}`);
    expect(withoutClaim(host)).toEqual(sealed);
    expect(guestLink({ ...open, claim: CLAIM } as RoomPlace)).toBe(`/t/${ID}`);
  });

  test("of other servers are not followed", () => {
    const here = "https://meet.example.org";

    expect(roomFromPasted(` ${here}/r/${ID}#1.${S}.${F} `, here)).toEqual(sealed);
    expect(roomFromPasted(`/t/${ID}`, here)).toEqual(open);
    expect(roomFromPasted(`meet.example.org/r/${ID}#1.${S}.${F}`, here)).toEqual(sealed);
    expect(roomFromPasted(`${here}/r/${ID}`, here)).toEqual({ at: "incomplete" });
    for (const wrong of [
      ID,
      `https://evil.example/r/${ID}#1.${S}.${F}`,
      `https://meet.example.org@evil.example/r/${ID}`,
      "javascript:alert(1)",
      "bonjour",
    ])
      expect(roomFromPasted(wrong, here)).toBeNull();
  });
});

describe("a room that was encrypted once", () => {
  const room = ID as RoomId;
  const memory = () => {
    const kept = new Map<string, string>();
    return {
      read: (key: string) => kept.get(key) ?? null,
      write: (key: string, value: string) => void kept.set(key, value),
    };
  };
  const look = (encryption: Look["encryption"], policy: string | null): Look => ({
    role: "stranger",
    people: null,
    encryption,
    policy,
  });

  test("is never met as transit again", () => {
    expect(refusalOf(look("transit", null), null, 1)).toBe("downgrade_refused");
    expect(refusalOf(look("e2ee", "x"), null, 1)).toBe("downgrade_refused");
    expect(refusalOf(look("transit", null), null, null)).toBeNull();
  });

  test("whose link has a secret is never met as transit, nor without a policy", () => {
    expect(refusalOf(look("transit", null), keys, null)).toBe("downgrade_refused");
    expect(refusalOf(look("e2ee", null), keys, null)).toBe("downgrade_refused");
    expect(refusalOf(look("e2ee", "x"), keys, null)).toBeNull();
  });

  test("cannot be entered by a link without a secret", () => {
    expect(refusalOf(look("e2ee", "x"), null, null)).toBe("link_incomplete");
  });

  test("is remembered with the highest policy number", () => {
    const keepsakes = memory();
    expect(pinOf(keepsakes, room)).toBeNull();
    pin(keepsakes, room, 3);
    pin(keepsakes, room, 2);
    expect(pinOf(keepsakes, room)).toBe(3);
    keepsakes.write(`huisclos.pin.${room}`, "nonsense");
    expect(pinOf(keepsakes, room)).toBe(0);
  });
});
