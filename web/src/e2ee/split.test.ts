/** A server that shows two halves of a room different groups: within ten seconds somebody on each side that can know it stops. */

import { describe, expect, test } from "vitest";
import { Beats } from "./beats";
import type { FromServer } from "./delivery-frames";
import { Actor, TruthfulServer } from "./group.fixture";
import type { GroupAction, GroupEvent } from "./group-events";

/** A member who also says and hears beats, as a stay in a group does. */
class Beating extends Actor {
  readonly beats = new Beats(this.identity);

  override handle(event: GroupEvent, now: number): readonly GroupAction[] {
    const actions = [...super.handle(event, now)];
    for (const action of actions) {
      if (action.do === "install") this.beats.epoch(action.keys.epoch, action.keys.authenticator, action.roster, now);
      if (action.do === "ahead") this.beats.ahead(now);
    }
    return actions;
  }

  /** Time for beats: what they want said, or the end. */
  beat(now: number): GroupEvent | null {
    if (this.group.phase === "failed") return null;
    if (this.beats.leftBehind(now)) return { type: "fail", kind: "forked" };
    const payload = this.beats.due(now);
    return payload === null ? null : { type: "say", payload };
  }
}

class TwoFacedServer extends TruthfulServer {
  /** Who hears of no commit any more. */
  readonly blind = new Set<Actor>();

  override tell(actor: Actor, message: FromServer): void {
    if (!this.blind.has(actor)) super.tell(actor, message);
    else if (message.t === "log") super.tell(actor, { ...message, commits: [] });
    else if (message.t !== "commit") super.tell(actor, message);
  }

  passWithBeats(milliseconds: number): void {
    for (let end = this.now + milliseconds; this.now < end; ) {
      this.pass(100);
      for (const actor of this.actors) {
        const event = (actor as Beating).beat(this.now);
        if (event !== null) this.wish(actor, event);
      }
    }
  }
}

function room() {
  const server = new TwoFacedServer();
  const anna = new Beating("anna", { host: true });
  server.connect(anna);
  const guests = ["ben", "cleo", "dora"].map((name) => new Beating(name));
  server.connect(...guests);
  server.passWithBeats(3_000);
  return { server, anna, guests: guests as [Beating, Beating, Beating] };
}

describe("a server that withholds a commit from half of the room", () => {
  test("is found out within ten seconds: who was left behind sends nothing any more", () => {
    const { server, guests } = room();
    const [, cleo, dora] = guests;
    for (const kept of [cleo, dora]) server.blind.add(kept);
    server.connect(new Beating("eve"));
    server.passWithBeats(300);
    expect(server.epoch).toBe(2);
    server.passWithBeats(10_000);

    for (const kept of [cleo, dora]) {
      expect(kept.group.phase).toBe("failed");
      expect(kept.alarms).toContain("forked");
    }
  });

  test("and one that does not is left in peace", () => {
    const { server, anna, guests } = room();
    server.connect(new Beating("eve"));
    server.passWithBeats(60_000);

    for (const actor of [anna, ...guests]) {
      expect(actor.group.phase).toBe("active");
      expect(actor.alarms).toEqual([]);
    }
  });
});

describe("a server that gives two halves different commits for one epoch", () => {
  test("cannot have either half take the other's words for its own", () => {
    const { server, anna, guests } = room();
    const [ben, cleo, dora] = guests;
    const state = anna.mls.state;
    if (state === null) throw new Error("no group");
    // Each half gets a lawful commit of its own from the server's accomplice among the messages it holds back.
    const left = anna.mls.commit({ adds: [], removes: [], update: true });
    anna.mls.rejected();
    const right = ben.mls.commit({ adds: [], removes: [], update: true });
    ben.mls.rejected();
    for (const actor of [anna, cleo]) server.tell(actor, { t: "commit", epoch: state.epoch, commit: right.commit });
    for (const actor of [ben, dora]) server.tell(actor, { t: "commit", epoch: state.epoch, commit: left.commit });
    expect(anna.mls.state?.history).not.toBe(ben.mls.state?.history);
    expect(anna.mls.state?.epoch).toBe(ben.mls.state?.epoch);

    server.passWithBeats(10_000);
    const unreadable = (actor: Actor) => actor.done.filter((action) => action.do === "unreadable").length;
    // Two of one member in one epoch end the call (`membership`).
    for (const actor of [anna, ben, cleo, dora]) expect(unreadable(actor)).toBeGreaterThanOrEqual(2);
  });
});
