/** The entrance to end-to-end encryption: small, and loads what it needs when a room is drawn or opened. */

import { transformSupport } from "../e2ee/transforms";
import type { EncryptionPort } from "../model/ports";
import { Failure } from "../types/room";

export const encryptionPort: EncryptionPort = {
  async draw() {
    const { drawRoom } = await import("./new-room").catch(() => {
      throw new Failure("server_unreachable");
    });
    return drawRoom();
  },
  async open(room, keys, policy) {
    // Before anything is asked of anybody: such a browser could neither send nor hear.
    if (transformSupport() === null || typeof WebAssembly === "undefined") throw new Failure("encryption_unsupported");
    const { WorkerRoomEncryption } = await import("./room-encryption").catch(() => {
      throw new Failure("server_unreachable");
    });
    return WorkerRoomEncryption.open({ room, ...keys, policy });
  },
};
