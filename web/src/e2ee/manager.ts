/**
 * Encrypts what livekit-client sends and opens what it receives: puts the frame worker into every sender and receiver before
 * media can pass, tells it whose track each carries, and keeps clear data packets away. Keys and their epochs belong to others.
 *
 * Nothing here can be switched off: neither the server's word about a track nor a call of livekit-client changes anything.
 */

import {
  type BaseE2EEManager,
  type LocalTrack,
  ParticipantEvent,
  type RemoteTrack,
  type RemoteTrackPublication,
  type Room,
  RoomEvent,
  Track,
} from "livekit-client";
import { Failure } from "../types/room";
import { isEncryptedPacket } from "./clear-packets";
import { hasConstantBitrate } from "./constant-bitrate";
import { type Codec, codecOf } from "./frames/clear-prefix";
import type { PageMessage, TrackReport, WorkerMessage } from "./frames/messages";
import type { Bytes } from "./frames/sframe";
import type { Kind, Reason, Stream } from "./frames/stream";
import { Transforms, transformSupport } from "./transforms";

/** What a call learns while frames are encrypted. */
export type FrameEvent =
  /** At most twice a second: what became of the frames of these tracks. */
  | { readonly type: "tracks"; readonly tracks: readonly TrackReport[] }
  /** The epoch one sends in; null: nothing leaves. */
  | { readonly type: "sending"; readonly epoch: number | null }
  /** The server wants our sound in packets whose size tells what is said: no sound leaves. */
  | { readonly type: "sound-refused" }
  /** Clear content came in a data packet; nobody gets to see it. */
  | { readonly type: "clear-refused" }
  /** The worker has broken down: nothing leaves and nothing opens any more. */
  | { readonly type: "failed" };

type Engine = Parameters<BaseE2EEManager["setupEngine"]>[0];
type Callback = Parameters<BaseE2EEManager["on"]>[1];
type Sealed = Awaited<ReturnType<BaseE2EEManager["encryptData"]>>;
type OpenedData = Awaited<ReturnType<BaseE2EEManager["handleEncryptedData"]>>;
type Question = PageMessage extends infer M ? (M extends { request: number } ? Omit<M, "request"> : never) : never;

/** What is used of livekit-client's connections. All of it is public there, but not part of its documented interface. */
interface Transport {
  addTransceiver(track: MediaStreamTrack, init: RTCRtpTransceiverInit): RTCRtpTransceiver;
  addTransceiverOfKind(kind: "audio" | "video", init: RTCRtpTransceiverInit): RTCRtpTransceiver;
  addTrack(track: MediaStreamTrack): RTCRtpSender;
  setRemoteDescription(description: RTCSessionDescriptionInit, offerId: number): Promise<boolean>;
  onTrack?: (event: RTCTrackEvent) => void;
}

interface DataPath {
  decodeDataMessage(message: MessageEvent): Promise<Uint8Array | undefined>;
  sendDataPacket(packet: { readonly value: { readonly case?: string } }, kind: unknown): Promise<void>;
  sendDataTrackFrame(bytes: Uint8Array): Promise<void>;
}

/** livekit-client encrypts no packet of these kinds, and people's words could be in them. */
const NEVER_ENCRYPTED = new Set(["sipDtmf", "transcription"]);

/** The initialisation vector is in the SFrame ciphertext; the field of the packet must not be empty. */
const NO_IV = new Uint8Array(12);

const KIND_OF_SOURCE: Partial<Record<Track.Source, Kind>> = {
  [Track.Source.Microphone]: "audio",
  [Track.Source.Camera]: "video",
  [Track.Source.ScreenShareAudio]: "screen audio",
  [Track.Source.ScreenShare]: "screen",
};

export class FrameEncryption implements BaseE2EEManager {
  readonly #worker: Worker;
  readonly #transforms: Transforms;
  readonly #tell: (event: FrameEvent) => void;
  readonly #questions = new Map<number, { done(data: Bytes): void; refused(reason: Reason): void }>();
  // What our senders of sound carry as soon as the answer shows that their packets are all of one size.
  readonly #voices = new Map<RTCRtpSender, Stream>();
  readonly #listeners = new Map<string, Callback[]>();
  // No connection carries sound before the answer to the offer that holds its sender.
  #constantBitrate = true;
  #nextRequest = 1;
  #room: Room | undefined;

  /**
   * `keys` is the port on which the MLS worker sends KeyMessages, `worker` a new one that runs frame-worker.ts. Throws a Failure
   * where the browser cannot encrypt.
   */
  constructor(keys: MessagePort, tell: (event: FrameEvent) => void, worker: Worker) {
    if (transformSupport() === null) throw new Failure("encryption_unsupported");
    this.#worker = worker;
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => this.#hear(data);
    this.#worker.onerror = () => this.#fail();
    this.#transforms = new Transforms(this.#worker);
    this.#tell = tell;
    this.#post({ kind: "keys", port: keys }, [keys]);
  }

  // ── What livekit-client asks ─────────────────────────────────────────────────────────────────────

  get isEnabled(): boolean {
    return true;
  }

  get isDataChannelEncryptionEnabled(): boolean {
    return true;
  }

  /** livekit-client writes its own option here. */
  set isDataChannelEncryptionEnabled(_wanted: boolean) {}

  /** Called with what the server says of a track: of no consequence. */
  setParticipantCryptorEnabled(): void {}

  /** Would let frames that end in this pass unopened: of no consequence. */
  setSifTrailer(): void {}

  on(event: string, listener: Callback): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  setup(room: Room): void {
    if (room === this.#room) return;
    this.#room = room;
    room.localParticipant.on(ParticipantEvent.LocalSenderCreated, (sender, track) =>
      this.#send(sender, track as LocalTrack),
    );
    room
      .on(RoomEvent.TrackSubscribed, (track, publication, participant) =>
        this.#receive(track, publication, participant.identity),
      )
      .on(RoomEvent.TrackUnsubscribed, (track) => {
        if (track.receiver !== undefined) this.#transforms.assign(track.receiver, null);
      });
    // Our tracks are announced as encrypted; livekit-client then also leaves out what encryption forbids (RED, backup codecs).
    room.setE2EEEnabled(true).catch(() => this.#fail());
  }

  setupEngine(engine: Engine): void {
    engine.on("transportsCreated", (publisher, subscriber) => {
      this.#constantBitrate = true;
      this.#guard(publisher as unknown as Transport, true);
      if (subscriber !== undefined) this.#guard(subscriber as unknown as Transport, false);
    });
    guardData(engine as unknown as DataPath, () => this.#tell({ type: "clear-refused" }));
  }

  async encryptData(data: Bytes): Promise<Sealed> {
    const payload = await this.#ask({ kind: "seal", data });
    return { uuid: "", payload, iv: NO_IV, keyIndex: 0 };
  }

  async handleEncryptedData(payload: Bytes, _iv: Bytes, identity: string): Promise<OpenedData> {
    return { uuid: "", payload: await this.#ask({ kind: "open", data: payload, identity }) };
  }

  dispose(): void {
    this.#worker.terminate();
    for (const question of this.#questions.values()) question.refused("blocked");
    this.#questions.clear();
  }

  // ── What a call asks ─────────────────────────────────────────────────────────────────────────────

  /** The first bytes of what last left through `sender`; empty before anything has. */
  async lastCiphertext(sender: RTCRtpSender): Promise<Bytes> {
    return this.#ask({ kind: "peek", id: this.#transforms.idOf(sender) ?? "" });
  }

  // ── Senders and receivers ────────────────────────────────────────────────────────────────────────

  /** Every end this connection makes from now on gets its transform within the same call that makes it. */
  #guard(transport: Transport, publishes: boolean): void {
    const { addTransceiver, addTransceiverOfKind, addTrack, setRemoteDescription, onTrack } = transport;
    // A later livekit-client that works otherwise must not find an open way.
    if (!addTransceiver || !addTransceiverOfKind || !addTrack || !setRemoteDescription || !onTrack) {
      throw new Failure("encryption_unsupported");
    }
    transport.addTransceiver = (track, init) => this.#closed(addTransceiver.call(transport, track, init));
    transport.addTransceiverOfKind = (kind, init) => this.#closed(addTransceiverOfKind.call(transport, kind, init));
    // Only browsers without addTransceiver, which have no transforms either, are sent this way.
    transport.addTrack = () => {
      throw new Failure("encryption_unsupported");
    };
    transport.onTrack = (event) => {
      this.#closed(event.transceiver);
      onTrack.call(transport, event);
    };
    if (publishes) {
      transport.setRemoteDescription = (description, offerId) => {
        this.#judgeSound(description.sdp ?? "");
        return setRemoteDescription.call(transport, description, offerId);
      };
    }
  }

  /** Both ends of a transceiver, with a transform that lets nothing through yet. */
  #closed(transceiver: RTCRtpTransceiver): RTCRtpTransceiver {
    try {
      this.#transforms.attach(transceiver.sender, "send");
      this.#transforms.attach(transceiver.receiver, "receive");
    } catch (error) {
      transceiver.stop();
      throw error;
    }
    return transceiver;
  }

  #send(sender: RTCRtpSender, track: LocalTrack): void {
    const codec = track.kind === Track.Kind.Audio ? "opus" : codecOf(`video/${track.codec ?? ""}`);
    const stream = this.#stream(track.source, track.kind, this.#room?.localParticipant.identity ?? "", codec);
    if (track.kind === Track.Kind.Audio) this.#voices.set(sender, stream);
    this.#transforms.assign(sender, track.kind === Track.Kind.Audio && !this.#constantBitrate ? null : stream);
  }

  #receive(track: RemoteTrack, publication: RemoteTrackPublication, identity: string): void {
    if (track.receiver === undefined) return;
    const codec = codecOf(publication.mimeType ?? "");
    this.#transforms.assign(track.receiver, this.#stream(publication.source, track.kind, identity, codec));
  }

  #stream(source: Track.Source, kind: Track.Kind, identity: string, codec: Codec | null): Stream {
    const fallback = kind === Track.Kind.Audio ? "audio" : "video";
    return { kind: KIND_OF_SOURCE[source] ?? fallback, slot: 0, identity, codec };
  }

  /** Lets our sound out, or keeps it in, by the answer that comes into force. */
  #judgeSound(answer: string): void {
    const allowed = hasConstantBitrate(answer);
    if (this.#constantBitrate && !allowed) this.#tell({ type: "sound-refused" });
    this.#constantBitrate = allowed;
    for (const [sender, stream] of this.#voices) {
      this.#transforms.assign(sender, this.#constantBitrate ? stream : null);
    }
  }

  // ── The worker ───────────────────────────────────────────────────────────────────────────────────

  #ask(question: Question): Promise<Bytes> {
    const request = this.#nextRequest++;
    return new Promise((done, failed) => {
      this.#questions.set(request, { done, refused: (reason) => failed(new Error(reason)) });
      this.#post({ ...question, request } as PageMessage);
    });
  }

  #hear(message: WorkerMessage): void {
    switch (message.kind) {
      case "report":
        this.#tell({ type: "tracks", tracks: message.tracks });
        break;
      case "sending":
        this.#tell({ type: "sending", epoch: message.epoch });
        break;
      case "done":
        this.#questions.get(message.request)?.done(message.data);
        this.#questions.delete(message.request);
        break;
      case "refused":
        this.#questions.get(message.request)?.refused(message.reason);
        this.#questions.delete(message.request);
        break;
    }
  }

  /** A worker in an unknown state is stopped: browsers drop the frames of a transform whose worker is gone. */
  #fail(): void {
    this.dispose();
    this.#tell({ type: "failed" });
  }

  #post(message: PageMessage, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

/** Refuses clear packets on their way in, and on their way out those that livekit-client would not encrypt. */
function guardData(engine: DataPath, onClear: () => void): void {
  const { decodeDataMessage, sendDataPacket, sendDataTrackFrame } = engine;
  if (!decodeDataMessage || !sendDataPacket || !sendDataTrackFrame) throw new Failure("encryption_unsupported");
  engine.decodeDataMessage = async (message) => {
    const packet = await decodeDataMessage.call(engine, message);
    if (packet === undefined || isEncryptedPacket(packet)) return packet;
    onClear();
    return undefined;
  };
  engine.sendDataPacket = async (packet, kind) => {
    if (NEVER_ENCRYPTED.has(packet.value.case ?? "")) throw new Failure("encryption_unsupported");
    return sendDataPacket.call(engine, packet, kind);
  };
  // The server's answer decides whether livekit-client encrypts a data track: there are none.
  engine.sendDataTrackFrame = async () => {
    throw new Failure("encryption_unsupported");
  };
}
