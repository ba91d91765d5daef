/** The entrance to calls: small, and loads the media library only when somebody joins. */

import type { CallPort } from "../model/ports";
import { Failure } from "../types/room";

const load = () => import("./livekit-call");

export const callPort: CallPort = {
  prepare() {
    // Joining loads it again and says so if that fails too.
    load().catch(() => undefined);
  },
  async join(ticket, belongings, encryption) {
    const library = await load().catch(() => null);
    if (library === null) {
      belongings.microphone?.close();
      belongings.camera?.close();
      throw new Failure("server_unreachable");
    }
    return library.joinCall(ticket, belongings, encryption);
  },
  async probe(ticket, onSignalling) {
    const library = await import("./probe").catch(() => null);
    if (library === null) throw new Failure("server_unreachable");
    return library.probe(ticket, onSignalling);
  },
  get canShareScreen() {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  },
  get canChooseSpeaker() {
    return "setSinkId" in HTMLMediaElement.prototype;
  },
};
