/** The microphones, cameras and loudspeakers of this computer, through the browser's own interface. Nothing here is sent. */

import type { Device, DeviceKind, DeviceRefusal, DevicesPort, OpenCamera, OpenMicrophone } from "../model/ports";
import { listenTo } from "./loudness";

const kinds: Readonly<Record<MediaDeviceKind, DeviceKind>> = {
  audioinput: "microphone",
  videoinput: "camera",
  audiooutput: "speaker",
};

/** What the call sends at its best; browsers come as near as the camera can. */
export const cameraWish = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

export const microphoneWish = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** `ideal`, not `exact`: a device that is gone gives way to the default one instead of failing. */
function constraints<T extends object>(wish: T, deviceId: string | null): T & MediaTrackConstraints {
  return deviceId === null ? wish : { ...wish, deviceId: { ideal: deviceId } };
}

function refusal(error: unknown): DeviceRefusal {
  const { name, message } = error as DOMException;
  return { name: String(name), message: String(message) };
}

async function open(wanted: MediaStreamConstraints): Promise<MediaStream> {
  if (!devices.available) throw { name: "InsecureContext", message: "" } satisfies DeviceRefusal;
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    throw refusal(error);
  }
}

function microphoneOf(track: MediaStreamTrack): OpenMicrophone {
  const loudness = listenTo(track);
  return {
    deviceId: track.getSettings().deviceId ?? "",
    label: track.label,
    level: loudness.level,
    release() {
      loudness.stop();
      return track;
    },
    close() {
      loudness.stop();
      track.stop();
    },
  };
}

function cameraOf(track: MediaStreamTrack): OpenCamera {
  return {
    deviceId: track.getSettings().deviceId ?? "",
    label: track.label,
    release: () => track,
    picture: {
      attach(element) {
        element.srcObject = new MediaStream([track]);
        element.play().catch(() => {
          // The element plays by itself as soon as the page may; a preview needs no more than that.
        });
        return () => {
          element.srcObject = null;
        };
      },
    },
    close: () => track.stop(),
  };
}

function only<T>(list: readonly T[]): T {
  const first = list[0];
  if (first === undefined) throw { name: "NotFoundError", message: "" } satisfies DeviceRefusal;
  return first;
}

export const devices: DevicesPort = {
  get available() {
    return window.isSecureContext && navigator.mediaDevices !== undefined;
  },

  async permission(kind) {
    try {
      const { state } = await navigator.permissions.query({ name: kind as PermissionName });
      return state;
    } catch {
      // Not every browser answers for these two.
      return "unknown";
    }
  },

  async list() {
    const found: Record<DeviceKind, Device[]> = { microphone: [], camera: [], speaker: [] };
    if (!devices.available) return found;
    for (const { kind, deviceId, label } of await navigator.mediaDevices.enumerateDevices()) {
      // Without permission browsers give neither ids nor labels: such an entry cannot be chosen.
      if (deviceId !== "" && label !== "") found[kinds[kind]].push({ id: deviceId, label });
    }
    return found;
  },

  watchList(onChange) {
    navigator.mediaDevices.addEventListener("devicechange", onChange);
    return () => navigator.mediaDevices.removeEventListener("devicechange", onChange);
  },

  async openMicrophone(deviceId) {
    const stream = await open({ audio: constraints(microphoneWish, deviceId) });
    return microphoneOf(only(stream.getAudioTracks()));
  },

  async openCamera(deviceId) {
    const stream = await open({ video: constraints(cameraWish, deviceId) });
    return cameraOf(only(stream.getVideoTracks()));
  },

  async openBoth(microphone, camera) {
    const stream = await open({
      audio: constraints(microphoneWish, microphone),
      video: constraints(cameraWish, camera),
    });
    return [microphoneOf(only(stream.getAudioTracks())), cameraOf(only(stream.getVideoTracks()))];
  },

  async chime(speaker) {
    const context = new AudioContext();
    const sink = context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    if (speaker !== null) await sink.setSinkId?.(speaker).catch(() => undefined);
    const start = context.currentTime + 0.05;
    // A rising fifth, soft at both ends: enough to know which loudspeaker it was.
    for (const [index, frequency] of [392, 588].entries()) {
      const tone = new OscillatorNode(context, { frequency });
      const gain = new GainNode(context, { gain: 0 });
      const from = start + index * 0.28;
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(0.2, from + 0.04);
      gain.gain.exponentialRampToValueAtTime(0.001, from + 0.7);
      tone.connect(gain).connect(context.destination);
      tone.start(from);
      tone.stop(from + 0.75);
    }
    await new Promise((done) => setTimeout(done, 1400));
    await context.close();
  },
};
