/** What an encrypted room changes in how this client sends: codecs that survive encryption, sound that gives nothing away. */

import type { RoomOptions, VideoCodec } from "livekit-client";
import type { FrameEncryption } from "./manager";

/**
 * Browsers take frames of other codecs apart by their content, which is ciphertext here. H.264 is opened where somebody sends it, but not
 * sent: Chromium 156 loses all pictures after the first in about one call of three.
 */
const CODECS: readonly VideoCodec[] = ["vp8", "vp9"];

export function encryptedRoomOptions(options: RoomOptions, encryption: FrameEncryption): RoomOptions {
  const wanted = options.publishDefaults?.videoCodec ?? "vp8";
  return {
    ...options,
    encryption: { e2eeManager: encryption },
    publishDefaults: {
      ...options.publishDefaults,
      videoCodec: CODECS.includes(wanted) ? wanted : "vp8",
      simulcast: true,
      // A second codec would be a second sender, of which the server decides when it sends.
      backupCodec: false,
      // Redundant sound is sent in a container that the clear prefix does not know.
      red: false,
      // The size and the absence of packets tell who speaks, and what (RFC 6562).
      dtx: false,
    },
  };
}
