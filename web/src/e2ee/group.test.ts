/** The group's state machine: how members come, go, collide and come back; and what a lying server can never make of them. */

import { encode } from "cborg";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "./bytes";
import type { FromServer } from "./delivery-frames";
import { Actor, after, governed, histories, ModelMls, meeting, modelCommit, TruthfulServer } from "./group.fixture";

describe("coming in", () => {
  test("the host begins the group, and a guest waits for that", () => {
    const server = new TruthfulServer();
    const ben = new Actor("ben");
    server.connect(ben);
    server.pass(5_000);
    expect(ben.group.phase).toBe("joining");

    const anna = new Actor("anna", { host: true });
    server.connect(anna);
    server.pass(3_000);

    expect(ben.group.phase).toBe("active");
    expect(histories([anna, ben]).size).toBe(1);
  });

  test("a host adds several guests with one commit", () => {
    const server = new TruthfulServer();
    const anna = new Actor("anna", { host: true });
    server.connect(anna);
    const guests = ["ben", "cleo", "dora"].map((name) => new Actor(name));
    server.connect(...guests);
    server.pass(400);

    expect(server.log).toHaveLength(1);
    expect(guests.map(({ group }) => group.phase)).toEqual(["active", "active", "active"]);
    expect(histories([anna, ...guests]).size).toBe(1);
  });

  test("a guest whom no host answers comes in alone after a second", () => {
    const { server, anna, others } = meeting("ben");
    server.disconnect(anna);
    const cleo = new Actor("cleo");
    server.connect(cleo);
    server.pass(900);
    expect(cleo.group.phase).toBe("joining");
    server.pass(200);

    expect(cleo.group.phase).toBe("active");
    expect(histories([cleo, ...others]).size).toBe(1);
  });

  test("who was here before comes in at once, in the place of their old leaf", () => {
    const { server, anna, others } = meeting("ben");
    const [ben] = others as [Actor];
    server.disconnect(ben);
    server.actors.splice(server.actors.indexOf(ben), 1);
    const again = new Actor("ben", { returning: true });
    server.connect(again);

    expect(again.group.phase).toBe("active");
    expect(anna.mls.state?.leaves.map(({ identity }) => identity)).toEqual(["anna", "ben"]);
  });
});

describe("keys", () => {
  test("are handed out for every epoch once, in order, and switched to when the server says so", () => {
    const { server, anna } = meeting("ben", "cleo");
    expect(anna.installed).toEqual([0, 1, 2]);
    const dora = new Actor("dora");
    server.connect(dora);
    server.pass(300);
    // Epoch 0 lasted too short to be sent in.
    expect(anna.done.flatMap((action) => (action.do === "switch" ? [action.epoch] : []))).toEqual([1, 2]);
    server.tell(anna, { t: "switch", epoch: 3 });

    expect(anna.done.filter(({ do: what }) => what === "switch").at(-1)).toEqual({ do: "switch", epoch: 3 });
  });

  test("are switched to after a second at the latest, or half of one when somebody was removed", () => {
    const { server, anna } = meeting("ben", "cleo");
    const switches = () => anna.done.filter(({ do: what }) => what === "switch").length;
    const before = switches();
    server.wish(anna, governed({ remove: "cleo" }));
    server.pass(450);
    expect(switches()).toBe(before);
    server.pass(100);
    expect(switches()).toBe(before + 1);
  });

  test("of old epochs are wiped ten seconds after the switch", () => {
    const { server, anna } = meeting("ben");
    expect(anna.done).not.toContainEqual({ do: "wipe", epoch: 0 });
    server.pass(9_000);

    expect(anna.done).toContainEqual({ do: "wipe", epoch: 0 });
    expect(anna.done).not.toContainEqual({ do: "wipe", epoch: 1 });
  });

  test("are renewed every ten minutes, by one member alone", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const before = server.epoch;
    server.pass(10 * 60_000 + 5_000);

    expect(server.epoch).toBe(before + 1);
    expect(histories([anna, ...others]).size).toBe(1);
  });
});

describe("going", () => {
  test("who leaves is out of the group within a second", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const [ben] = others as [Actor];
    server.wish(ben, { type: "leave" });
    server.pass(1_000);

    expect(anna.mls.state?.leaves.map(({ identity }) => identity)).toEqual(["anna", "cleo"]);
    expect(ben.group.phase).toBe("left");
  });

  test("a host who leaves is taken out by the next in rank", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    server.wish(anna, { type: "leave" });
    server.disconnect(anna);
    server.pass(1_000);

    expect(histories(others).size).toBe(1);
    expect(others[0]?.mls.state?.leaves.map(({ identity }) => identity)).toEqual(["ben", "cleo"]);
  });

  test("who is removed learns it and gets no further keys", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const [, cleo] = others as [Actor, Actor];
    const had = cleo.installed.length;
    server.wish(anna, governed({ remove: "cleo" }));
    server.pass(1_000);

    expect(cleo.done).toContainEqual({ do: "removed", by: "anna" });
    expect(cleo.installed).toHaveLength(had);
  });
});

describe("collisions and losses", () => {
  test("of two commits the server's first counts, and the other's wish is tried again", () => {
    const server = new TruthfulServer();
    const anna = new Actor("anna", { host: true });
    const axel = new Actor("axel", { host: true });
    server.connect(anna, axel);
    server.pass(3_000);
    // Both are asked at once, and both will commit.
    const ben = new Actor("ben");
    const cleo = new Actor("cleo");
    server.connect(ben, cleo);
    server.pass(3_000);

    expect(histories([anna, axel, ben, cleo]).size).toBe(1);
    expect([ben, cleo].map(({ group }) => group.phase)).toEqual(["active", "active"]);
  });

  test("a connection that fell catches up from the log", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const [ben] = others as [Actor];
    server.disconnect(ben);
    for (let time = 0; time < 3; time += 1) {
      const guest = new Actor(`guest ${time}`);
      server.connect(guest);
      server.pass(2_000);
    }
    server.connect(ben);

    expect(histories([anna, ben]).size).toBe(1);
    expect(ben.done).not.toContainEqual({ do: "returning" });
  });

  test("where the log has a gap one comes back by one commit", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const [ben] = others as [Actor];
    server.tell(ben, { t: "commit", epoch: 7, commit: encode("later") as Bytes });
    const asked = ben.done.flatMap((action) =>
      action.do === "send" && action.message.t === "log" ? [action.message] : [],
    );
    expect(asked.length).toBeGreaterThan(0);
    const late = new Actor("eve");
    server.disconnect(ben);
    server.connect(late);
    server.pass(2_000);
    server.log.length = 0;
    const hear = server.hear.bind(server);
    server.hear = (from, message) => {
      if (message.t === "log") server.tell(from, { t: "gap", id: message.id });
      else hear(from, message);
    };
    server.connect(ben);
    server.pass(100);

    expect(ben.done).toContainEqual({ do: "returning" });
    expect(histories([anna, ben]).size).toBe(1);
  });

  test("a server that has forgotten the meeting is given it back", () => {
    const { server, anna, others } = meeting("ben", "cleo");
    const before = server.epoch;
    server.restart();
    server.pass(2_000);

    expect(server.epoch).toBe(before);
    const dora = new Actor("dora");
    server.connect(dora);
    server.pass(2_000);
    expect(histories([anna, dora, ...others]).size).toBe(1);
    expect([anna, ...others].flatMap(({ alarms }) => alarms)).toEqual([]);
  });
});

describe("an invalid change", () => {
  test("is not merged, rings an alarm, and a second one ends the call", () => {
    const { server, anna } = meeting("ben");
    const state = anna.mls.state;
    if (state === null) throw new Error("no group");
    const merged = anna.mls.merged.length;
    const forged = modelCommit(state, "mallory", { valid: false });
    server.tell(anna, { t: "commit", epoch: state.epoch, commit: forged });
    expect(anna.alarms).toEqual(["invalid_change"]);
    expect(anna.group.phase).toBe("active");

    const now = anna.mls.state;
    if (now === null) throw new Error("no group");
    server.tell(anna, { t: "commit", epoch: now.epoch, commit: modelCommit(now, "mallory", { valid: false }) });
    expect(anna.alarms).toContain("lost_group");
    expect(anna.group.phase).toBe("failed");
    expect(anna.mls.merged.length).toBe(merged + 1);
  });
});

describe("a lying server", () => {
  const [me, friend] = ["me", "friend"];

  /** Everything a server could say, true or not, about a group whose history it knows. */
  function lies(state: NonNullable<ModelMls["state"]>): fc.Arbitrary<FromServer> {
    const forks = Array.from({ length: 4 }, (_, at) => modelCommit(state, friend, { nonce: 1_000 + at }));
    const deeper = forks.map((commit, at) => modelCommit(after(state, commit), friend, { nonce: 2_000 + at }));
    const forged = [modelCommit(state, friend, { valid: false }), modelCommit({ ...state, history: "else" }, friend)];
    const commits = [...forks, ...deeper, ...forged, encode({ kind: "app" }) as Bytes];
    const commit = fc.constantFrom(...commits);
    const epoch = fc.integer({ min: 0, max: state.epoch + 3 });
    const group = fc.constantFrom(encode(state.group) as Bytes, encode("another") as Bytes);
    const info = fc.constantFrom(encode(state) as Bytes, encode(7) as Bytes, encode({ ...state, epoch: 0 }) as Bytes);
    const people = fc.subarray([me, friend, "mallory"]);
    return fc.oneof(
      fc.record({ t: fc.constant("commit" as const), epoch, commit }),
      fc.record({ t: fc.constant("switch" as const), epoch }),
      fc.record({ t: fc.constant("ok" as const), id: fc.integer({ min: 0, max: 6 }) }),
      fc.record({
        t: fc.constant("refused" as const),
        id: fc.integer({ min: 0, max: 6 }),
        code: fc.constantFrom("conflict", "group_exists"),
        epoch,
      }),
      fc.record({
        t: fc.constant("log" as const),
        id: fc.integer({ min: 0, max: 6 }),
        commits: fc.array(fc.tuple(epoch, commit)),
      }),
      fc.record({ t: fc.constant("gap" as const), id: fc.integer({ min: 0, max: 6 }) }),
      fc.record({ t: fc.constant("welcome" as const), epoch, welcome: info }),
      fc.record({ t: fc.constant("people" as const), people }),
      fc.record({
        t: fc.constant("state" as const),
        you: fc.constant(me),
        epoch: fc.option(epoch),
        group: fc.option(group),
        info: fc.option(info),
        people,
        sender: fc.constant(new Uint8Array(32)),
      }),
      fc.record({
        t: fc.constant("app" as const),
        epoch,
        message: fc.constant(encode({ kind: "app", from: friend, base: "else" }) as Bytes),
        from: fc.constantFrom(me, friend, "mallory"),
      }),
    );
  }

  test("never gets two commits merged for one epoch, nor a key handed out for an epoch that was not judged", () => {
    const base = new ModelMls(me, true);
    base.create();
    if (base.state === null) throw new Error("no group");
    const first = base.state;
    const steps = fc.array(fc.tuple(lies(first), fc.integer({ min: 0, max: 4_000 })), { maxLength: 40 });
    fc.assert(
      fc.property(steps, fc.boolean(), (script, host) => {
        const actor = new Actor(me, { host });
        // Every merge must build on the state before it, but for a group entered afresh.
        const entered: string[] = [];
        let now = 0;
        const judge = () => {
          for (const action of actor.done.splice(0)) {
            if (action.do !== "install") continue;
            const history = actor.mls.merged.at(-1) ?? actor.mls.state?.history ?? "";
            expect(action.keys.epoch).toBe(actor.mls.state?.epoch);
            expect(action.keys.base).toEqual(encode(history));
            if (action.afresh) entered.length = 0;
            const before = entered.at(-1);
            if (before !== undefined) {
              expect(history.startsWith(`${before}/`)).toBe(true);
              expect(history.split("/").length).toBe(before.split("/").length + 1);
            }
            expect(entered).not.toContain(history);
            entered.push(history);
          }
        };
        for (const [message, pause] of script) {
          now += pause;
          actor.handle({ type: "tick" }, now);
          judge();
          // One at a time, or the last state would stand for all of a log.
          const parts: FromServer[] =
            message.t === "log" ? message.commits.map((entry) => ({ ...message, commits: [entry] })) : [message];
          for (const part of parts) {
            actor.handle({ type: "message", message: part }, now);
            judge();
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("is not given words once the group has failed or was left", () => {
    const { server, anna, others } = meeting("ben");
    const [ben] = others as [Actor];
    server.wish(ben, { type: "fail", kind: "forked" });
    expect(ben.group.phase).toBe("failed");
    ben.done.length = 0;
    server.wish(ben, { type: "say", payload: encode("hello") as Bytes });
    server.tell(ben, server.standing(ben));
    server.pass(60_000);

    expect(ben.done).toEqual([]);
    expect(anna.group.phase).toBe("active");
  });
});
