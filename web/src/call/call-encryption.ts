/**
 * Brings the group's keys and a LiveKit call together: everything sent and received goes through the frame worker, beats travel by
 * the encrypted data channel, and who has no leaf in the group does not exist for the call.
 */

import { type Room, RoomEvent } from "livekit-client";
import frameWorkerUrl from "../e2ee/frame-worker.ts?worker&url";
import type { TrackReport } from "../e2ee/frames/messages";
import { FrameEncryption, type FrameEvent } from "../e2ee/manager";
import type { MediaSeal, Member } from "../model/encryption";
import type { WorkerRoomEncryption } from "./room-encryption";
import { startWorker } from "./start-worker";

const BEAT_TOPIC = "hc.beat";
// A few frames may be damaged; a stream of which nothing opens for this long is under other keys than ours.
const SPLIT_MS = 3_000;
const SPLIT_FRAMES = 30;
const BLOCKED_MS = 5_000;

interface Watched {
  readonly passed: number;
  readonly unopened: number;
  /** Since when nothing but frames that do not authenticate has come, and how many there were before. */
  readonly failingSince: number | null;
  readonly failingFrom: number;
}

export interface CallEncryptionEars {
  onChange(): void;
  onRemoved(elsewhere: boolean): void;
  /** Sending is over for good. */
  onBroken(): void;
  onSoundWithheld(): void;
}

export class CallEncryption {
  readonly frames: FrameEncryption;
  readonly #keys: WorkerRoomEncryption;
  readonly #ears: CallEncryptionEars;
  readonly #watched = new Map<string, Watched>();
  #unwatch: () => void = () => undefined;
  #blockedTimer: ReturnType<typeof setTimeout> | undefined;

  /** Throws a Failure where the browser cannot encrypt. */
  constructor(keys: WorkerRoomEncryption, ears: CallEncryptionEars) {
    this.#keys = keys;
    this.#ears = ears;
    const worker = startWorker(frameWorkerUrl, "frames");
    this.frames = new FrameEncryption(keys.takeFrames(), (event) => this.#hear(event), worker);
  }

  /** To be called once the room is there, and before it connects. */
  follow(room: Room): void {
    const keys = this.#keys;
    const connected = () => {
      keys.tell({ type: "connected", identities: [...room.remoteParticipants.keys()] });
      if (keys.state.get().blocked.length > 0) this.#watchBlocked();
    };
    room
      .on(RoomEvent.Connected, connected)
      .on(RoomEvent.ParticipantConnected, connected)
      // What the server says of a stream switches nothing; that it says "clear" in this room is worth a word.
      .on(RoomEvent.TrackSubscribed, (_track, publication, { identity }) => {
        if (!publication.isEncrypted) this.#refused(identity);
      })
      .on(RoomEvent.ParticipantDisconnected, connected)
      .on(RoomEvent.DataReceived, (payload, participant, _kind, topic) => {
        if (topic === BEAT_TOPIC && participant !== undefined)
          keys.heard(participant.identity, new Uint8Array(payload));
      });
    keys.ears = {
      onBeat(payload) {
        // A beat that does not arrive is what the other way is for.
        room.localParticipant.publishData(payload, { reliable: true, topic: BEAT_TOPIC }).catch(() => undefined);
      },
      onRemoved: (elsewhere) => this.#ears.onRemoved(elsewhere),
    };
    let epoch = keys.state.get().epoch;
    this.#unwatch = keys.state.watch(() => {
      const state = keys.state.get();
      if (state.padlock === "broken") this.#ears.onBroken();
      else if (state.epoch !== epoch) {
        epoch = state.epoch;
        connected();
        this.#ears.onChange();
      }
    });
  }

  /** Who was just removed takes a moment to hang up; whoever stays without being a member is worth a word. */
  #watchBlocked(): void {
    clearTimeout(this.#blockedTimer);
    this.#blockedTimer = setTimeout(() => {
      for (const identity of this.#keys.state.get().blocked) {
        this.#keys.tell({ type: "alarm", kind: "blocked", identity, at: Date.now() });
      }
    }, BLOCKED_MS);
  }

  /** Something clear was offered, by `identity` where that is known. It was not played. */
  #refused(identity: string | null): void {
    this.#keys.tell({ type: "alarm", kind: "plain_refused", identity, at: Date.now() });
  }

  get members(): readonly Member[] {
    return this.#keys.state.get().members;
  }

  /** The first bytes of the last encrypted frame of one's picture, else of one's voice; null while nothing is sent. */
  async lastSealed({ localParticipant }: Room): Promise<Uint8Array | null> {
    const { videoTrackPublications, audioTrackPublications } = localParticipant;
    for (const { isMuted, track } of [...videoTrackPublications.values(), ...audioTrackPublications.values()]) {
      const sender = isMuted ? undefined : track?.sender;
      const bytes = sender === undefined ? null : await this.frames.lastCiphertext(sender);
      if (bytes !== null && bytes.length > 0) return bytes;
    }
    return null;
  }

  end(): void {
    this.#unwatch();
    clearTimeout(this.#blockedTimer);
    this.#keys.ears = null;
    this.frames.dispose();
  }

  #hear(event: FrameEvent): void {
    switch (event.type) {
      case "tracks":
        for (const report of event.tracks) if (report.direction === "receive") this.#judge(report, performance.now());
        break;
      case "sound-refused":
        this.#ears.onSoundWithheld();
        break;
      case "clear-refused":
        this.#refused(null);
        break;
      case "failed":
        this.#keys.tell({ type: "broken", kind: "stopped", at: Date.now() });
        break;
      case "sending":
        break;
    }
  }

  #judge(report: TrackReport, now: number): void {
    if (report.stream === null) {
      this.#watched.delete(report.id);
      return;
    }
    const before = this.#watched.get(report.id) ?? { passed: 0, unopened: 0, failingSince: null, failingFrom: 0 };
    const unopened = report.dropped.bad_tag;
    const opens = report.passed > before.passed;
    const fails = unopened > before.unopened;
    const failingSince = opens ? null : (before.failingSince ?? (fails ? now : null));
    const failingFrom = failingSince === before.failingSince && !opens ? before.failingFrom : before.unopened;
    this.#watched.set(report.id, { passed: report.passed, unopened, failingSince, failingFrom });
    const media: MediaSeal = opens ? "sealed" : fails || report.dropped.wrong_leaf > 0 ? "failing" : "waiting";
    this.#keys.tell({ type: "media", identity: report.stream.identity, media });
    if (failingSince !== null && now - failingSince >= SPLIT_MS && unopened - failingFrom >= SPLIT_FRAMES)
      this.#keys.split();
  }
}
