/** The entrance to end-to-end encryption: small, and loads what it needs when a room is drawn or opened. */

import type { EncryptionPort } from "../model/ports";
import { Failure } from "../types/room";

export const encryptionPort: EncryptionPort = {
  async draw() {
    const { drawRoom } = await import("./new-room").catch(() => {
      throw new Failure("server_unreachable");
    });
    return drawRoom();
  },
  async open(room, { secret, fingerprint, hostSeed }, policy) {
    const { WorkerRoomEncryption } = await import("./room-encryption").catch(() => {
      throw new Failure("server_unreachable");
    });
    return WorkerRoomEncryption.open({ room, secret, fingerprint, hostSeed, policy });
  },
};
