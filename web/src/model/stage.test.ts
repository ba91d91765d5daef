/** Who is shown where, and that every place lies within the room. */

import { describe, expect, test } from "vitest";
import { type CallState, callAfter, callBegins, type Person } from "./call";
import { person, picture } from "./people.fixture";
import { PAGER_HEIGHT, place } from "./placement";
import { stageFor } from "./stage";

const withPeople = (...people: Person[]): CallState => callAfter(callBegins, { type: "people", people });
const crowd = (count: number) => withPeople(...["me", ..."abcdefghijklmnop"].slice(0, count).map((id) => person(id)));
const rooms = [
  { width: 344, height: 600 },
  { width: 1264, height: 650 },
  { width: 2544, height: 1290 },
];

describe("the stage", () => {
  test("shows two people face to face, oneself in the corner", () => {
    const stage = stageFor(crowd(2), "grid");

    expect(stage.form).toBe("duo");
    expect(stage.large?.person.id).toBe("a");
    expect(stage.others.map(({ person }) => person.id)).toEqual(["me"]);
  });

  test("gives the first places of the mosaic to the others", () => {
    const stage = stageFor(crowd(4), "grid");

    expect(stage.others.map(({ person }) => person.id)).toEqual(["a", "b", "c", "me"]);
  });

  test("gives the large tile to somebody even before anybody spoke", () => {
    expect(stageFor(crowd(4), "speaker").large?.person.id).toBe("a");
  });

  test("is taken by a shared screen in both views", () => {
    const state = withPeople(person("me"), person("a", { screen: picture }), person("b"));

    for (const view of ["grid", "speaker"] as const) {
      const stage = stageFor(state, view);
      expect(stage.large?.key).toBe("a/screen");
      expect(stage.others.map(({ key }) => key)).toEqual(["a/camera", "b/camera", "me/camera"]);
    }
  });

  test("keeps an earlier shared screen beside the newest", () => {
    const first = withPeople(person("me"), person("a", { screen: picture }), person("b"));
    const people = [person("me"), person("a", { screen: picture }), person("b", { screen: picture })];
    const stage = stageFor(callAfter(first, { type: "people", people }), "grid");

    expect(stage.large?.key).toBe("b/screen");
    expect(stage.others[0]?.key).toBe("a/screen");
  });
});

describe("placement", () => {
  test.each(rooms)("keeps every tile within $width × $height, and apart", (room) => {
    for (let count = 1; count <= 16; count += 1) {
      for (const view of ["grid", "speaker"] as const) {
        const { seats } = place(stageFor(crowd(count), view), room, 0);
        for (const { at } of seats) {
          expect(at.left).toBeGreaterThanOrEqual(0);
          expect(at.top).toBeGreaterThanOrEqual(0);
          expect(at.left + at.width).toBeLessThanOrEqual(room.width);
          expect(at.top + at.height).toBeLessThanOrEqual(room.height);
        }
        const flat = seats.filter(({ part }) => part !== "corner").map(({ at }) => at);
        for (const [index, a] of flat.entries()) {
          for (const b of flat.slice(index + 1)) {
            const apart =
              a.left + a.width <= b.left ||
              b.left + b.width <= a.left ||
              a.top + a.height <= b.top ||
              b.top + b.height <= a.top;
            expect(apart, `${count} people, ${view}`).toBe(true);
          }
        }
      }
    }
  });

  test("shows everybody on some page, once", () => {
    const stage = stageFor(crowd(16), "grid");
    const phone = { width: 344, height: 600 };
    const { pages } = place(stage, phone, 0);
    const shown = Array.from({ length: pages }, (_, page) =>
      place(stage, phone, page).seats.map(({ seat }) => seat.key),
    );

    expect(pages).toBeGreaterThan(1);
    expect(shown.flat().sort()).toEqual(stage.others.map(({ key }) => key).sort());
  });

  test("leaves the page buttons a place of their own", () => {
    const phone = { width: 344, height: 600 };
    for (const view of ["grid", "speaker"] as const) {
      const { seats, pages } = place(stageFor(crowd(16), view), phone, 0);

      expect(pages).toBeGreaterThan(1);
      for (const { at } of seats) expect(at.top + at.height).toBeLessThanOrEqual(phone.height - PAGER_HEIGHT);
    }
  });

  test("turning a page does not change the size of the tiles", () => {
    const stage = stageFor(crowd(16), "grid");
    const phone = { width: 344, height: 600 };
    const { pages } = place(stage, phone, 0);

    expect(pages).toBeGreaterThan(1);
    const sizes = [0, pages - 1].map((page) => place(stage, phone, page).seats[0]?.at.width);
    expect(sizes[0]).toBe(sizes[1]);
  });
});
