/** How a host changes policy and link in a live meeting, and how everybody gets the new link's secret, or not. */

import { describe, expect, test } from "vitest";
import type { FromServer } from "./delivery-frames";
import { Actor, governed, histories, meeting, secretOf, TruthfulServer } from "./group.fixture";
import { linkWord, readLinkWord } from "./new-link";

const outcomes = (actor: Actor) => actor.done.flatMap((action) => (action.do === "governed" ? [action.outcome] : []));
const secrets = (actor: Actor) =>
  actor.done.flatMap((action) => (action.do === "policy" && action.secret !== null ? [action.secret[0]] : []));
const newLink = (more: Parameters<typeof governed>[0] = {}) => governed({ gen: 2, secret: secretOf(2), ...more });

/** Loses what the server passes on to `actor` while `lost` says so. */
function losing(server: TruthfulServer, actor: Actor, lost: (message: FromServer) => boolean): void {
  const tell = server.tell.bind(server);
  server.tell = (to, message) => {
    if (to !== actor || !lost(message)) tell(to, message);
  };
}

describe("a change of the policy", () => {
  test("is one commit that puts somebody out and gives the others a new link", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const [ben, cleo] = others as [Actor, Actor];
    const before = server.log.length;

    server.wish(anna, newLink({ remove: "cleo" }));

    expect(server.log.length).toBe(before + 1);
    expect(outcomes(anna)).toEqual(["done"]);
    expect(cleo.group.phase).toBe("left");
    expect([secrets(anna), secrets(ben), secrets(cleo)]).toEqual([[2], [2], []]);
    server.pass(11 * 60_000);
    expect(server.log.length).toBe(before + 2);
    expect(histories([anna, ben]).size).toBe(1);
  });

  test("that follows another policy than the one in force is stale, and the next try is not", () => {
    const { server, anna } = meeting("ben");
    server.wish(anna, governed());
    server.wish(anna, governed());
    server.wish(anna, governed({ seq: 2 }));

    expect(outcomes(anna)).toEqual(["done", "stale", "done"]);
  });

  test("by two hosts at once comes into force once, and one of them is told to try again", () => {
    const { server, anna } = meeting("ben");
    const dora = new Actor("dora", { host: true });
    server.connect(dora);
    server.pass(3_000);
    // Dora's delivery is slow: she commits on the epoch that Anna has just ended.
    losing(server, dora, ({ t }) => t === "commit");
    server.wish(anna, governed());
    server.wish(dora, governed());
    server.pass(10_000);

    expect(outcomes(anna)).toEqual(["done"]);
    expect(outcomes(dora)).toEqual(["stale"]);
    expect(histories([anna, dora]).size).toBe(1);
  });

  test("is nothing a guest can ask for", () => {
    const { server, others } = meeting("ben");
    const [ben] = others as [Actor];
    server.wish(ben, governed());
    expect(outcomes(ben)).toEqual(["refused"]);
  });

  test("bans also who is not in the group", () => {
    const { server, anna } = meeting("ben");
    server.wish(anna, governed({ remove: "cleo" }));
    expect(outcomes(anna)).toEqual(["done"]);
  });
});

describe("the secret of a new link", () => {
  test("that was missed is asked for, and until it comes commits wait", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const [ben, cleo] = others as [Actor, Actor];
    let deaf = true;
    losing(server, ben, ({ t }) => deaf && t === "app");
    server.wish(anna, newLink());
    expect(ben.group.awaitsLink).toBe(true);
    deaf = false;
    server.pass(1_100);

    expect(ben.group.awaitsLink).toBe(false);
    expect(secrets(ben)).toEqual([2]);
    expect(secrets(cleo)).toEqual([2]);
  });

  test("that comes after further commits lets them be judged then", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const [ben] = others as [Actor];
    const late: FromServer[] = [];
    losing(server, ben, (message) => message.t === "app" && late.push(message) > 0);
    server.wish(anna, newLink());
    server.wish(anna, governed({ seq: 2, gen: 2, remove: "cleo" }));
    expect(ben.mls.state?.policy.seq).toBe(2);
    server.tell = TruthfulServer.prototype.tell.bind(server);
    server.tell(ben, late[0] as FromServer);

    expect(ben.alarms).toEqual([]);
    expect(histories([anna, ben]).size).toBe(1);
  });

  test("that nobody says ends the call for a member after twelve seconds, and not before", () => {
    const { server, anna, others } = meeting("ben");
    const [ben] = others as [Actor];
    losing(server, ben, ({ t }) => t === "app");
    server.wish(anna, newLink());
    server.pass(11_900);
    expect(ben.group.phase).toBe("active");
    server.pass(200);

    expect(ben.group.phase).toBe("failed");
    expect(anna.group.phase).toBe("active");
  });

  test("is taken from a host only", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const [ben, cleo] = others as [Actor, Actor];
    losing(server, ben, (message) => message.t === "app" && message.from === "anna");
    server.wish(anna, newLink());
    server.wish(cleo, { type: "say", payload: linkWord({ gen: 2, secret: secretOf(2) }) });

    expect(ben.group.awaitsLink).toBe(true);
  });

  test("is said at most once a second, however many ask", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    server.wish(anna, newLink());
    const said = () => anna.done.filter((action) => action.do === "send" && action.message.t === "app").length;
    const before = said();
    for (const guest of others) server.wish(guest, { type: "say", payload: linkWord({ gen: 2, secret: null }) });

    expect(said()).toBe(before + 1);
  });

  test("makes members seal their names anew when a newcomer cannot read them", () => {
    const { server, anna, others } = meeting("ben");
    server.wish(anna, newLink());
    const quiet = server.log.length;
    server.pass(30_000);
    expect(server.log.length).toBe(quiet);
    const dora = new Actor("dora");
    dora.mls.follows(2);
    server.connect(dora);
    server.pass(10_000);

    // Dora's coming, and one commit each of Anna and Ben.
    expect(server.log.length).toBe(quiet + 3);
    expect(histories([anna, dora, ...others]).size).toBe(1);
  });

  test("reads as it was written, and nothing else does", () => {
    const said = { gen: 2, secret: secretOf(2) };
    expect(readLinkWord(linkWord(said))).toEqual(said);
    expect(readLinkWord(linkWord({ gen: 2, secret: null }))).toEqual({ gen: 2, secret: null });
    expect(readLinkWord(linkWord({ gen: 2, secret: new Uint8Array(15) }))).toBeNull();
    expect(readLinkWord(new Uint8Array([0xff]))).toBeNull();
  });
});
