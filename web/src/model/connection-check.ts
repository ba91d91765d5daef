/**
 * Whether a call can work from here, step by step as a call is made: browser, server, signalling, media. Stops at the first step that
 * fails, for those after it could tell nothing. It asks the ports; what to say about the findings is left to the screen.
 */

import type { ErrorCode } from "../types/errors";
import { Failure, type RoomId, type SeatKey, type Ticket } from "../types/room";
import { Cell, type Observable } from "./observable";
import type { Ports } from "./ports";

export const STEPS = ["browser", "server", "signalling", "media"] as const;
export type Step = (typeof STEPS)[number];

export type Finding =
  | { readonly state: "waiting" }
  | { readonly state: "running" }
  /** `milliseconds` to the server and back, where the step can tell. */
  | { readonly state: "good"; readonly milliseconds: number | null }
  | { readonly state: "bad"; readonly code: ErrorCode; readonly seconds: number | undefined };

export type Findings = Readonly<Record<Step, Finding>>;

// One room for all checks of this browser, in which nobody else ever is; each check would otherwise leave a room behind.
const ROOM = "huisclos.check.room";
const SEAT = "huisclos.check.seat";

const nothingYet: Findings = {
  browser: { state: "waiting" },
  server: { state: "waiting" },
  signalling: { state: "waiting" },
  media: { state: "waiting" },
};

export class ConnectionCheck {
  readonly #cell = new Cell<Findings>(nothingYet);

  constructor(private readonly ports: Ports) {}

  get findings(): Observable<Findings> {
    return this.#cell;
  }

  /** One check after the other. Never rejects: what came of them stands in the findings. */
  async run(): Promise<void> {
    this.#cell.set(nothingYet);
    let step: Step = "browser";
    const goOn = (next: Step, milliseconds: number | null) => {
      this.#note(step, { state: "good", milliseconds });
      this.#note(next, { state: "running" });
      step = next;
    };
    this.#note(step, { state: "running" });
    try {
      if (this.ports.unfit !== null) throw new Failure(this.ports.unfit);
      if (!this.ports.devices.available) throw new Failure("context_insecure");
      goOn("server", null);
      const { ticket, milliseconds } = await this.#ticket();
      goOn("signalling", milliseconds);
      const answered = await this.ports.call.probe(ticket, () => goOn("media", null));
      this.#note("media", { state: "good", milliseconds: answered });
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure("internal");
      this.#note(step, { state: "bad", code: failure.code, seconds: failure.seconds });
    }
  }

  /** A ticket for the room of checks, which is made anew where the server has forgotten it. */
  async #ticket(): Promise<{ ticket: Ticket; milliseconds: number }> {
    const { rooms, keepsakes, drawSeatKey } = this.ports;
    const seat = (keepsakes.read(SEAT) ?? drawSeatKey()) as SeatKey;
    keepsakes.write(SEAT, seat);
    const room = (await this.#keptRoom(seat)) ?? (await this.#newRoom(seat));
    const began = performance.now();
    const entry = await rooms.enter(room, seat, { name: "Check" });
    if (entry.state !== "admitted") throw new Failure("internal");
    return { ticket: entry.ticket, milliseconds: performance.now() - began };
  }

  async #keptRoom(seat: SeatKey): Promise<RoomId | null> {
    const kept = this.ports.keepsakes.read(ROOM) as RoomId | null;
    if (kept === null) return null;
    try {
      const { role } = await this.ports.rooms.look(kept, seat);
      return role === "host" ? kept : null;
    } catch (error) {
      if (error instanceof Failure && error.code === "room_unknown") return null;
      throw error;
    }
  }

  async #newRoom(seat: SeatKey): Promise<RoomId> {
    const { room, claim } = await this.ports.rooms.create({ encryption: "transit" });
    await this.ports.rooms.claim(room, claim, seat, null);
    this.ports.keepsakes.write(ROOM, room);
    return room;
  }

  #note(step: Step, finding: Finding): void {
    this.#cell.set({ ...this.#cell.get(), [step]: finding });
  }
}
