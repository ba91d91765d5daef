/** Connects a Room to this page's server within a person's patience, and names what went wrong. What is done in it is left to others. */

import { ConnectionError, ConnectionErrorReason, type Room } from "livekit-client";
import type { ErrorCode } from "../types/errors";
import { Failure, type Ticket } from "../types/room";

const PATIENCE_MS = 30_000;

/** Rejects with a Failure, and the room is disconnected by then. */
export async function connect(room: Room, ticket: Ticket): Promise<void> {
  try {
    await inTime(room.connect(location.origin.replace(/^http/, "ws"), ticket.token));
  } catch (error) {
    await room.disconnect();
    throw new Failure(failureOf(error));
  }
}

/** The library may try for minutes behind a screen that says nothing: a person should learn within half of one. */
function inTime(connecting: Promise<void>): Promise<void> {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Failure("media_unreachable")), PATIENCE_MS);
    connecting.then(done, failed).finally(() => clearTimeout(timer));
  });
}

function failureOf(error: unknown): ErrorCode {
  if (error instanceof Failure) return error.code;
  if (!(error instanceof ConnectionError)) return "media_unreachable";
  switch (error.reason) {
    case ConnectionErrorReason.NotAllowed:
      return "token_invalid";
    case ConnectionErrorReason.ServerUnreachable:
    case ConnectionErrorReason.WebSocket:
    case ConnectionErrorReason.ServiceNotFound:
      return "server_unreachable";
    case ConnectionErrorReason.LeaveRequest:
      return "connection_ended";
    default:
      // The signalling answered and media did not come up.
      return "media_unreachable";
  }
}
