/** A call without sound or picture, to learn whether one would work: connects, measures one round trip of media packets, hangs up. */

import { Room, RoomEvent, setLogLevel } from "livekit-client";
import { Failure, type Ticket } from "../types/room";
import { connect } from "./connecting";

setLogLevel("silent");

/** See `CallPort.probe`. */
export async function probe(ticket: Ticket, onSignalling: () => void): Promise<number | null> {
  const room = new Room();
  room.once(RoomEvent.SignalConnected, onSignalling);
  await connect(room, ticket);
  try {
    const report = await room.engine.pcManager?.publisher.getStats();
    // Connected means that ICE checks and a DTLS handshake crossed the network both ways; without a pair in use, something lies.
    const pair = pairInUse(report);
    if (pair === null) throw new Failure("media_unreachable");
    return pair.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000;
  } finally {
    await room.disconnect();
  }
}

function pairInUse(report: RTCStatsReport | undefined): RTCIceCandidatePairStats | null {
  for (const entry of report?.values() ?? []) {
    if (entry.type === "candidate-pair" && entry.state === "succeeded" && entry.nominated) return entry;
  }
  return null;
}
