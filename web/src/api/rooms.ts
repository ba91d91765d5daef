/** The server's REST API of rooms: turns calls into requests, and answers into nouns or Failures. Decides nothing. */

import type { RoomsPort } from "../model/ports";
import { type ErrorCode, errorTexts } from "../types/errors";
import { type Entry, Failure, type Role, type RoomId } from "../types/room";

type Answer = Readonly<Record<string, unknown>>;

// A server that is silent for this long will not answer; a person should not have to guess.
const PATIENCE_MS = 15_000;

async function post(path: string, body: object): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/rooms${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      // Nothing here is anybody's session: the seat key in the body says who asks.
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new Failure("server_unreachable");
  }
  if (response.status === 204) return {};
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw failureOf(answer, response);
  return answer as Answer;
}

function failureOf(answer: unknown, response: Response): Failure {
  const code = (answer as { error?: { code?: unknown } } | null)?.error?.code;
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const known: ErrorCode = typeof code === "string" && code in errorTexts ? (code as ErrorCode) : "internal";
  return new Failure(known, Number.isNaN(seconds) ? undefined : seconds);
}

function text(answer: Answer, field: string): string {
  const value = answer[field];
  if (typeof value !== "string" || value === "") throw new Failure("internal");
  return value;
}

function role(answer: Answer): Role {
  const value = answer.role;
  return value === "host" || value === "guest" ? value : "stranger";
}

function entry(answer: Answer): Entry {
  switch (answer.state) {
    case "admitted":
      return {
        state: "admitted",
        ticket: {
          identity: text(answer, "identity"),
          role: role(answer),
          token: text(answer, "token"),
          certificate: typeof answer.certificate === "string" ? answer.certificate : null,
        },
      };
    case "waiting":
      return { state: "waiting", knock: text(answer, "knock") };
    case "denied":
      return { state: "denied" };
    default:
      throw new Failure("internal");
  }
}

export const rooms: RoomsPort = {
  async create(plan) {
    const answer = await post("", plan);
    return { room: text(answer, "room") as RoomId, claim: text(answer, "host_claim") };
  },
  async claim(room, claim, seat, identity) {
    await post(`/${room}/claim`, { claim, seat_key: seat, ...(identity === null ? {} : { identity }) });
  },
  async look(room, seat) {
    const answer = await post(`/${room}/look`, { seat_key: seat });
    const { people, encryption, policy } = answer;
    if (encryption !== "e2ee" && encryption !== "transit") throw new Failure("internal");
    return {
      role: role(answer),
      people: typeof people === "number" ? people : null,
      encryption,
      policy: typeof policy === "string" ? policy : null,
    };
  },
  async enter(room, seat, visitor) {
    return entry(await post(`/${room}/enter`, { seat_key: seat, ...visitor }));
  },
  async admit(room, knock, seat, certificate) {
    const body = { seat_key: seat, ...(certificate === null ? {} : { certificate }) };
    await post(`/${room}/knocks/${encodeURIComponent(knock)}/admit`, body);
  },
  async deny(room, knock, seat) {
    await post(`/${room}/knocks/${encodeURIComponent(knock)}/deny`, { seat_key: seat });
  },
  async remove(room, identity, seat) {
    await post(`/${room}/people/${encodeURIComponent(identity)}/removal`, { seat_key: seat });
  },
  async changePolicy(room, { policy, seq }, seat) {
    await post(`/${room}/policy`, { seat_key: seat, policy, seq });
  },
  async admitAll(room, seat, certificates) {
    const body = { seat_key: seat, ...(certificates === null ? {} : { certificates }) };
    await post(`/${room}/knocks/admit-all`, body);
  },
};
