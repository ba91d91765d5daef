/** How this client sends and receives: codecs, layers, recovery. The reasons stand beside each choice. */

import { type RoomOptions, VideoPresets } from "livekit-client";
import { encryptedRoomOptions } from "../e2ee/encrypted-room-options";
import type { FrameEncryption } from "../e2ee/manager";
import type { Belongings } from "../model/ports";
import { microphoneWish } from "./devices";

// A restarted server or a train tunnel: worth waiting for longer than the library's 40 seconds.
const RETRY_FOR_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 5_000;

/** With `encryption`, everything goes through it, or nothing does. */
export function roomOptions(belongings: Belongings, encryption: FrameEncryption | null): RoomOptions {
  const options = openRoomOptions(belongings);
  return encryption === null ? options : encryptedRoomOptions(options, encryption);
}

function openRoomOptions(belongings: Belongings): RoomOptions {
  return {
    // Ask only for the size a tile is drawn at, and send only the layers somebody asks for.
    adaptiveStream: true,
    dynacast: true,
    // What is muted is closed: the light of the camera and of the microphone goes out.
    stopLocalTrackOnUnpublish: true,
    publishDefaults: {
      videoCodec: "vp8",
      simulcast: true,
      videoSimulcastLayers: [VideoPresets.h180, VideoPresets.h360],
      dtx: true,
      // The server recovers lost audio by itself; RED would double the audio of large rooms.
      red: false,
      stopMicTrackOnMute: true,
    },
    audioCaptureDefaults: {
      ...microphoneWish,
      ...(belongings.microphoneId === null ? {} : { deviceId: belongings.microphoneId }),
    },
    videoCaptureDefaults: {
      resolution: VideoPresets.h720.resolution,
      ...(belongings.cameraId === null ? {} : { deviceId: belongings.cameraId }),
    },
    ...(belongings.speakerId === null ? {} : { audioOutput: { deviceId: belongings.speakerId } }),
    reconnectPolicy: {
      nextRetryDelayInMs({ elapsedMs, retryCount }) {
        if (elapsedMs > RETRY_FOR_MS) return null;
        // Everybody of a restarted server comes back at once: spread them.
        const pause = Math.min(LONGEST_PAUSE_MS, 300 * retryCount * retryCount);
        return retryCount === 0 ? 0 : pause + Math.random() * 500;
      },
    },
  };
}

/** The private choice of what the browser's picker offers: never this tab, never the sound of the whole computer. */
export const screenOptions = {
  audio: true,
  systemAudio: "exclude",
  selfBrowserSurface: "exclude",
  surfaceSwitching: "include",
  contentHint: "detail",
} as const;
