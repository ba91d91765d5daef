/** The entrance to calls: small, and loads the media library only when somebody joins. */

import type { CallPort } from "../model/ports";

const load = () => import("./livekit-call");

export const callPort: CallPort = {
  prepare() {
    void load();
  },
  async join(ticket, belongings) {
    const { joinCall } = await load();
    return joinCall(ticket, belongings);
  },
  get canShareScreen() {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  },
  get canChooseSpeaker() {
    return "setSinkId" in HTMLMediaElement.prototype;
  },
};
