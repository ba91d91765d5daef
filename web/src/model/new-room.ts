/** Opens a new meeting that is encrypted end to end: drawn in this browser, announced to the server, and left to be claimed. */

import type { RoomPlace } from "./link";
import type { Ports } from "./ports";

/** The place of a new room, with the claim that makes this browser its host. Rejects with a Failure. */
export async function newRoom({ encryption, rooms }: Pick<Ports, "encryption" | "rooms">): Promise<RoomPlace> {
  const { room, keys, policy } = await encryption.draw();
  const { claim } = await rooms.create({ encryption: "e2ee", room, policy });
  return { at: "room", room, claim, keys };
}
