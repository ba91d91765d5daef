/**
 * A call over the LiveKit protocol: drives one Room and reports every change as an event of the model.
 *
 * Loaded only when somebody joins. Who shows what, and when, is the model's decision.
 */

import {
  DisconnectReason,
  LocalAudioTrack,
  LocalVideoTrack,
  Room,
  RoomEvent,
  ScreenSharePresets,
  setLogLevel,
  Track,
} from "livekit-client";
import { type CallEvent, type CallState, callAfter, callBegins, type EndReason, self } from "../model/call";
import { deviceProblem, screenProblem } from "../model/device-problem";
import { Cell, type Observable } from "../model/observable";
import type { Belongings, DeviceKind, DeviceRefusal, LiveCall, RoomEncryption } from "../model/ports";
import { Failure, type Ticket } from "../types/room";
import { CallEncryption } from "./call-encryption";
import { connect } from "./connecting";
import { DeadEar } from "./dead-ear";
import { cameraWish, microphoneWish } from "./devices";
import { MutedEar } from "./muted-ear";
import { WorkerRoomEncryption } from "./room-encryption";
import { roomOptions, screenOptions } from "./room-options";
import { groupOf, rosterOf } from "./roster";
import { Switch } from "./switch";
import { keepAwake } from "./wake-lock";

// The library would otherwise write names and addresses of the call to the console.
setLogLevel("silent");

// How often the large tile may look for a new speaker.
const TICK_MS = 500;

/**
 * Connects with `ticket` and starts to send what is brought along; with `keys`, nothing but under them. Rejects with a Failure.
 */
export async function joinCall(ticket: Ticket, belongings: Belongings, keys: RoomEncryption | null): Promise<LiveCall> {
  let call: LiveKitCall | null = null;
  try {
    call = new LiveKitCall(belongings, keys);
    await call.connect(ticket);
  } catch (error) {
    belongings.microphone?.close();
    belongings.camera?.close();
    call?.abandon();
    throw error;
  }
  call.begin();
  return call;
}

function endReason(reason: DisconnectReason | undefined): EndReason {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return "left";
    case DisconnectReason.DUPLICATE_IDENTITY:
      return "elsewhere";
    case DisconnectReason.PARTICIPANT_REMOVED:
      return "removed";
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return "closed";
    default:
      return "lost";
  }
}

class LiveKitCall implements LiveCall {
  readonly #cell = new Cell<CallState>(callBegins);
  readonly #room: Room;
  /** Null in a transit room. */
  readonly #encryption: CallEncryption | null;
  readonly #belongings: Belongings;
  readonly #ear: MutedEar;
  readonly #deadEar = new DeadEar((silent) => this.#tell({ type: "microphone-silent", silent }));
  readonly #microphone: Switch;
  readonly #camera: Switch;
  #refreshing = false;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #letSleep: () => void = () => undefined;

  /** Throws a Failure where the browser cannot encrypt. */
  constructor(belongings: Belongings, keys: RoomEncryption | null) {
    this.#encryption = keys === null ? null : this.#encrypt(keys);
    this.#room = new Room(roomOptions(belongings, this.#encryption?.frames ?? null));
    this.#encryption?.follow(this.#room);
    this.#belongings = belongings;
    this.#ear = new MutedEar(belongings.warnWhenMuted, (speaking) =>
      this.#tell({ type: "speaking-while-muted", speaking }),
    );
    this.#microphone = new Switch((on) => this.#send("microphone", on));
    this.#camera = new Switch((on) => this.#send("camera", on));
    this.#listen();
  }

  get state(): Observable<CallState> {
    return this.#cell;
  }

  readonly lastSealed = async () => (await this.#encryption?.lastSealed(this.#room)) ?? null;

  /** Rejects with a Failure. */
  async connect(ticket: Ticket): Promise<void> {
    await connect(this.#room, ticket);
  }

  /** The call did not come about. */
  abandon(): void {
    this.#encryption?.end();
  }

  /** Once connected: shows who is there, and sends what was brought along. */
  begin(): void {
    this.#refresh();
    this.#ticking = setInterval(() => this.#tell({ type: "tick", at: performance.now() }), TICK_MS);
    this.#letSleep = keepAwake();
    const { microphone, camera, microphoneId, cameraId } = this.#belongings;
    const { localParticipant } = this.#room;
    // The third argument hands the device over: the library closes it on mute and opens it again.
    if (microphone !== null) {
      const wish = { ...microphoneWish, ...(microphoneId === null ? {} : { deviceId: { ideal: microphoneId } }) };
      const track = new LocalAudioTrack(microphone.release(), wish, false);
      this.#reporting("microphone", localParticipant.publishTrack(track, { source: Track.Source.Microphone }));
    }
    if (camera !== null) {
      const wish = { ...cameraWish, ...(cameraId === null ? {} : { deviceId: { ideal: cameraId } }) };
      const track = new LocalVideoTrack(camera.release(), wish, false);
      this.#reporting("camera", localParticipant.publishTrack(track, { source: Track.Source.Camera }));
    }
  }

  async setMicrophone(on: boolean): Promise<void> {
    await this.#microphone.turn(on);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#camera.turn(on);
  }

  async setScreen(on: boolean): Promise<void> {
    const publish = { screenShareEncoding: ScreenSharePresets.h1080fps15.encoding };
    try {
      await this.#room.localParticipant.setScreenShareEnabled(on, screenOptions, publish);
    } catch (error) {
      const code = screenProblem(error as DeviceRefusal);
      if (code !== null) this.#tell({ type: "problem", code });
    }
    this.#refresh();
  }

  async chooseDevice(kind: DeviceKind, deviceId: string): Promise<void> {
    const kinds = { microphone: "audioinput", camera: "videoinput", speaker: "audiooutput" } as const;
    try {
      await this.#room.switchActiveDevice(kinds[kind], deviceId, false);
    } catch (error) {
      if (kind !== "speaker") this.#tell({ type: "problem", code: deviceProblem(kind, error as DeviceRefusal) });
    }
    this.#refresh();
  }

  async setWarnWhenMuted(on: boolean): Promise<void> {
    this.#ear.allow(on);
  }

  async allowSound(): Promise<void> {
    await this.#room.startAudio().catch(() => undefined);
    this.#tell({ type: "sound", blocked: !this.#room.canPlaybackAudio });
  }

  async leave(): Promise<void> {
    await this.#room.disconnect();
  }

  #encrypt(keys: RoomEncryption): CallEncryption {
    if (!(keys instanceof WorkerRoomEncryption)) throw new Failure("encryption_failed");
    return new CallEncryption(keys, {
      onChange: () => this.#refresh(),
      onRemoved: (elsewhere) => this.#endAs(elsewhere ? "elsewhere" : "removed"),
      onBroken: () => this.#endAs("unsafe"),
      onSoundWithheld: () => this.#tell({ type: "problem", code: "sound_withheld" }),
    });
  }

  /** Ends the call for a reason that the media server does not know. */
  #endAs(reason: EndReason): void {
    this.#end(reason);
    void this.#room.disconnect();
  }

  async #send(kind: "microphone" | "camera", on: boolean): Promise<void> {
    const { localParticipant } = this.#room;
    const sent =
      kind === "microphone" ? localParticipant.setMicrophoneEnabled(on) : localParticipant.setCameraEnabled(on);
    await this.#reporting(kind, sent);
  }

  async #reporting(kind: "microphone" | "camera", attempt: Promise<unknown>): Promise<void> {
    try {
      await attempt;
    } catch (error) {
      // A connection that falls during the attempt is told by the banner, not as a fault of the device.
      if (error instanceof DOMException) this.#tell({ type: "problem", code: deviceProblem(kind, error) });
    }
    this.#refresh();
  }

  #listen(): void {
    const changes = [
      RoomEvent.ParticipantConnected,
      RoomEvent.ParticipantDisconnected,
      RoomEvent.ParticipantNameChanged,
      RoomEvent.ParticipantAttributesChanged,
      RoomEvent.TrackPublished,
      RoomEvent.TrackUnpublished,
      RoomEvent.TrackSubscribed,
      RoomEvent.TrackUnsubscribed,
      RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted,
      RoomEvent.LocalTrackPublished,
      RoomEvent.LocalTrackUnpublished,
      RoomEvent.ConnectionQualityChanged,
    ] as const;
    for (const change of changes) this.#room.on(change, () => this.#refresh());
    this.#room
      .on(RoomEvent.ActiveSpeakersChanged, (speakers) => {
        const ids = speakers.map((speaker) => speaker.identity);
        this.#tell({ type: "speaking", ids, at: performance.now() });
      })
      .on(RoomEvent.Reconnecting, () => this.#tell({ type: "reconnecting", at: performance.now() }))
      .on(RoomEvent.SignalReconnecting, () => this.#tell({ type: "reconnecting", at: performance.now() }))
      .on(RoomEvent.Reconnected, () => {
        this.#tell({ type: "reconnected" });
        this.#refresh();
      })
      .on(RoomEvent.AudioPlaybackStatusChanged, (playing) => this.#tell({ type: "sound", blocked: !playing }))
      .on(RoomEvent.Disconnected, (reason) => this.#end(endReason(reason)));
  }

  #end(reason: EndReason): void {
    clearInterval(this.#ticking);
    this.#ear.close();
    this.#deadEar.listen(undefined);
    this.#letSleep();
    this.#encryption?.end();
    // The library closes what it publishes; this covers a device that was opening when the call ended.
    for (const publication of this.#room.localParticipant.trackPublications.values()) publication.track?.stop();
    this.#tell({ type: "ended", reason });
  }

  /** Several events tell of one change: the roster is read once, after all of them. */
  #refresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    queueMicrotask(() => {
      this.#refreshing = false;
      const members = this.#encryption?.members;
      this.#tell({
        type: "people",
        people: members === undefined ? rosterOf(this.#room) : groupOf(this.#room, members),
      });
      const microphone = self(this.#cell.get())?.microphone;
      this.#ear.listen(microphone === "off" ? this.#room.getActiveDevice("audioinput") : undefined);
      const track = this.#room.localParticipant.getTrackPublication(Track.Source.Microphone)?.track;
      this.#deadEar.listen(microphone === "on" ? track?.mediaStreamTrack : undefined);
    });
  }

  #tell(event: CallEvent): void {
    this.#cell.set(callAfter(this.#cell.get(), event));
  }
}
