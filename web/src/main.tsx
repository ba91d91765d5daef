/** Builds the client and connects its parts: the only file that knows them all. */

import { createRoot } from "react-dom/client";
import { door } from "./api/door";
import { drawSeatKey, keepsakes } from "./api/keepsakes";
import { rooms } from "./api/rooms";
import { callPort } from "./call/call-port";
import { devices } from "./call/devices";
import { encryptionPort } from "./call/encryption-port";
import type { Ports } from "./model/ports";
import { openPreferences } from "./model/preferences";
import { App } from "./ui/App";
import { HouseContext } from "./ui/context";
import "./ui/tokens.css";
import "./ui/base.css";

const ports: Ports = {
  rooms,
  door,
  devices,
  call: callPort,
  encryption: encryptionPort,
  keepsakes,
  drawSeatKey,
  unfit: typeof RTCPeerConnection === "undefined" ? "browser_unsupported" : null,
};
const book = openPreferences(keepsakes, navigator.languages);

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <HouseContext value={{ ports, book }}>
      <App />
    </HouseContext>,
  );
}
