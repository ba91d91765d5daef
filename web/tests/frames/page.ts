/**
 * Two ends of a call in one page, for tests: the product's frame encryption between real peer connections, without any server.
 * Spoken to by `window.lab`.
 */

import type { Room } from "livekit-client";
import type { Codec } from "../../src/e2ee/frames/clear-prefix";
import type { KeyMessage, TrackReport } from "../../src/e2ee/frames/messages";
import { FrameEncryption, type FrameEvent } from "../../src/e2ee/manager";
import type { Evil, Tapped, Task } from "./evil-worker";

export interface Setting {
  /** How the frames pass the worker: the flag of createEncodedStreams on or off. */
  readonly api: "script" | "streams";
  readonly codec: "vp8" | "vp9" | "h264";
  readonly sender: "ours" | "ours, slow" | "evil" | "none";
  readonly receiver: "ours" | "tap" | "none";
  /** What the server answers about Opus. */
  readonly constantBitrate: boolean;
  /** Whether Bob has the key of the first epoch. */
  readonly keysFor: readonly ("alice" | "bob")[];
}

const MEMBERS = [
  [1, "alice"],
  [2, "bob"],
] as const;

type Listener = (...all: never[]) => unknown;

/** A number of milliseconds without a decoded picture, at the longest. */
async function longestFreeze(video: HTMLVideoElement, during: Promise<unknown>): Promise<number> {
  let last = performance.now();
  let longest = 0;
  let over = false;
  const see = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!over) video.requestVideoFrameCallback(see);
  };
  video.requestVideoFrameCallback(see);
  await during;
  over = true;
  return Math.max(longest, performance.now() - last);
}

/** As much of an event emitter as the product subscribes to. */
class Emitter {
  readonly #listeners = new Map<string, Listener[]>();

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  emit(event: string, ...all: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...(all as never[]));
  }
}

/** One end: a peer connection made as livekit-client makes it, and the product's encryption where wanted. */
class End {
  readonly pc: RTCPeerConnection;
  readonly room: Emitter & { localParticipant: Emitter & { identity: string } };
  readonly transport;
  readonly events: FrameEvent[] = [];
  readonly tracks = new Map<string, TrackReport>();
  encryption: FrameEncryption | null = null;
  evil: Worker | null = null;
  #keys: { postMessage(message: KeyMessage): void } | null = null;

  constructor(identity: string, setting: Setting, kind: "ours" | "ours, slow" | "evil" | "tap" | "none") {
    // The flag is unknown to TypeScript, and to browsers without the old interface.
    const flags = setting.api === "streams" ? { encodedInsertableStreams: true } : {};
    this.pc = new RTCPeerConnection(flags as RTCConfiguration);
    this.room = Object.assign(new Emitter(), {
      localParticipant: Object.assign(new Emitter(), { identity }),
      setE2EEEnabled: async () => undefined,
    });
    const { pc } = this;
    this.transport = {
      onTrack: (_event: RTCTrackEvent): void => undefined,
      addTransceiver: (track: MediaStreamTrack, init: RTCRtpTransceiverInit) => pc.addTransceiver(track, init),
      addTransceiverOfKind: (of: "audio" | "video", init: RTCRtpTransceiverInit) => pc.addTransceiver(of, init),
      addTrack: (track: MediaStreamTrack) => pc.addTrack(track),
      setRemoteDescription: async (description: RTCSessionDescriptionInit, _offerId: number) => {
        await pc.setRemoteDescription(description);
        return true;
      },
    };
    pc.ontrack = (event) => this.transport.onTrack(event);
    if (kind === "ours" || kind === "ours, slow") this.#encrypt(kind);
    if (kind === "evil" || kind === "tap") {
      this.evil = new Worker(new URL("./evil-worker.ts", import.meta.url), { type: "module" });
      this.#keys = this.evil;
    }
  }

  tell(message: KeyMessage): void {
    this.#keys?.postMessage(message);
  }

  #encrypt(kind: "ours" | "ours, slow"): void {
    const { port1, port2 } = new MessageChannel();
    this.#keys = port1;
    // Vite finds workers by the whole expression.
    const worker =
      kind === "ours"
        ? new Worker(new URL("../../src/e2ee/frame-worker.ts", import.meta.url), { type: "module" })
        : new Worker(new URL("./slow-worker.ts", import.meta.url), { type: "module" });
    const hear = (event: FrameEvent) => {
      this.events.push(event);
      if (event.type === "tracks") for (const track of event.tracks) this.tracks.set(track.id, track);
    };
    this.encryption = new FrameEncryption(port2, hear, worker);
    this.encryption.setup(this.room as unknown as Room);
    const engine = Object.assign(new Emitter(), {
      decodeDataMessage: async () => undefined,
      sendDataPacket: async () => undefined,
      sendDataTrackFrame: async () => undefined,
    });
    this.encryption.setupEngine(engine as unknown as Parameters<FrameEncryption["setupEngine"]>[0]);
    engine.emit("transportsCreated", this.transport);
  }
}

class Lab {
  alice!: End;
  bob!: End;
  #bases = new Map<number, CryptoKey>();
  #senders: RTCRtpSender[] = [];
  readonly #media: HTMLMediaElement[] = [];

  /** Alice calls Bob. Resolves when the connection stands; media then flows, or does not. */
  async call(setting: Setting): Promise<void> {
    this.alice = new End("alice", setting, setting.sender);
    this.bob = new End("bob", setting, setting.receiver);
    this.alice.pc.onicecandidate = ({ candidate }) => candidate && this.bob.pc.addIceCandidate(candidate);
    this.bob.pc.onicecandidate = ({ candidate }) => candidate && this.alice.pc.addIceCandidate(candidate);
    this.bob.transport.onTrack = wrap(this.bob.transport.onTrack, (event) => this.#arrives(event, setting));
    await this.rekey(1, setting.keysFor);
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
    for (const track of stream.getTracks()) this.#publish(track, setting);
    await this.alice.pc.setLocalDescription(await this.alice.pc.createOffer());
    await this.bob.pc.setRemoteDescription(description(this.alice.pc.localDescription));
    await this.bob.pc.setLocalDescription(await this.bob.pc.createAnswer());
    const answer = description(this.bob.pc.localDescription);
    const sdp = setting.constantBitrate ? withConstantBitrate(answer.sdp ?? "") : (answer.sdp ?? "");
    await this.alice.transport.setRemoteDescription({ type: "answer", sdp }, 1);
    await connected(this.bob.pc);
  }

  /** A new epoch for those named: everybody gets the key, then senders use it. */
  async rekey(epoch: number, whom: readonly ("alice" | "bob")[]): Promise<void> {
    const raw = crypto.getRandomValues(new Uint8Array(16));
    const base = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey", "deriveBits"]);
    this.#bases.set(epoch, base);
    for (const name of whom) {
      const leaf = name === "alice" ? 1 : 2;
      this[name].tell({ kind: "install", epoch, base, leaf, members: MEMBERS });
    }
    // Receivers first, as the delivery service orders it.
    for (const name of [...whom].reverse()) this[name].tell({ kind: "switch", epoch });
  }

  /** Five epochs in three seconds, as when people come and go: the longest time without a new picture, in ms. */
  async rekeys(): Promise<number> {
    const video = this.#media.find((element) => element instanceof HTMLVideoElement);
    if (video === undefined) throw new Error("Bob sees nothing");
    const changes = async () => {
      for (let epoch = 2; epoch <= 6; epoch += 1) {
        await this.rekey(epoch, ["alice", "bob"]);
        await new Promise((done) => setTimeout(done, 600));
        this.wipe(epoch - 1);
      }
    };
    return longestFreeze(video, changes());
  }

  wipe(epoch: number): void {
    for (const end of [this.alice, this.bob]) end.tell({ kind: "wipe", epoch });
  }

  turns(evil: Evil): void {
    this.alice.evil?.postMessage({ kind: "evil", evil });
  }

  /** What a receiver without key saw arrive. */
  tapped(): Promise<Tapped> {
    const { evil } = this.bob;
    if (evil === null) throw new Error("nobody listens");
    return new Promise((done) => {
      evil.onmessage = ({ data }) => done(data);
      evil.postMessage({ kind: "tapped" });
    });
  }

  /** What Bob's decoders have made so far, and what Alice's encoders have. */
  async stats(): Promise<Record<string, number>> {
    const found: Record<string, number> = { decoded: 0, energy: 0, encoded: 0, frozen: 0, sound: 0 };
    const add = (name: string, value: unknown) => {
      found[name] = (found[name] ?? 0) + (typeof value === "number" ? value : 0);
    };
    for (const entry of (await this.bob.pc.getStats()).values()) {
      if (entry.type !== "inbound-rtp") continue;
      add("decoded", entry.framesDecoded);
      add("energy", entry.totalAudioEnergy);
      add("frozen", entry.totalFreezesDuration);
      if (entry.kind === "audio") add("sound", entry.totalSamplesReceived - entry.concealedSamples);
    }
    for (const entry of (await this.alice.pc.getStats()).values()) {
      if (entry.type === "outbound-rtp") add("encoded", entry.framesEncoded);
    }
    return found;
  }

  /** The reports of both ends: how many frames passed, and why others did not. */
  reports(name: "alice" | "bob"): TrackReport[] {
    return [...this[name].tracks.values()];
  }

  events(name: "alice" | "bob"): string[] {
    return this[name].events.map((event) => event.type);
  }

  /** The way of a data packet from Alice to Bob, who takes it for one of `from`. */
  async data(from: string, spoil: boolean): Promise<string> {
    const sealed = await this.alice.encryption?.encryptData(new TextEncoder().encode("good morning"));
    if (sealed === undefined) throw new Error("Alice does not encrypt");
    const payload = sealed.payload.slice();
    if (spoil) payload[payload.length - 1] = (payload[payload.length - 1] ?? 0) ^ 1;
    try {
      const opened = await this.bob.encryption?.handleEncryptedData(payload, sealed.iv, from);
      return new TextDecoder().decode(opened?.payload);
    } catch (error) {
      return `refused: ${(error as Error).message}`;
    }
  }

  async ciphertext(): Promise<number[]> {
    const sender = this.#senders[0];
    return sender === undefined ? [] : [...((await this.alice.encryption?.lastCiphertext(sender)) ?? [])];
  }

  killWorker(): void {
    this.alice.encryption?.dispose();
  }

  end(): void {
    for (const end of [this.alice, this.bob]) {
      end.pc.close();
      end.encryption?.dispose();
      end.evil?.terminate();
    }
    for (const element of this.#media.splice(0)) element.remove();
  }

  #publish(track: MediaStreamTrack, setting: Setting): void {
    const transceiver = this.alice.transport.addTransceiver(track, { direction: "sendonly" });
    const { sender } = transceiver;
    this.#senders.push(sender);
    const codec: Codec = track.kind === "audio" ? "opus" : setting.codec;
    prefer(transceiver, codec);
    if (this.alice.evil !== null) {
      attach(sender, this.alice.evil, { ...task(track.kind, codec), role: "send" }, setting.api);
    } else if (this.alice.encryption !== null) {
      const source = track.kind === "audio" ? "microphone" : "camera";
      this.alice.room.localParticipant.emit("localSenderCreated", sender, { kind: track.kind, source, codec });
    }
  }

  #arrives({ receiver, track }: RTCTrackEvent, setting: Setting): void {
    const codec: Codec = track.kind === "audio" ? "opus" : setting.codec;
    if (this.bob.evil !== null) {
      attach(receiver, this.bob.evil, { ...task(track.kind, codec), role: "tap" }, setting.api);
    } else if (this.bob.encryption !== null) {
      const source = track.kind === "audio" ? "microphone" : "camera";
      const publication = { source, mimeType: `${track.kind}/${codec}` };
      this.bob.room.emit("trackSubscribed", { kind: track.kind, receiver }, publication, { identity: "alice" });
    }
    // Decoders run only for what is played.
    const element = document.body.appendChild(document.createElement(track.kind === "audio" ? "audio" : "video"));
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    this.#media.push(element);
  }
}

function task(kind: string, codec: Codec): Omit<Task, "role"> {
  return { kind: kind === "audio" ? "audio" : "video", codec, identity: "alice" };
}

/** Puts a hostile worker where the product's would be. */
function attach(end: RTCRtpSender | RTCRtpReceiver, worker: Worker, task: Task, api: Setting["api"]): void {
  if (api === "script") {
    end.transform = new RTCRtpScriptTransform(worker, task);
    return;
  }
  const { readable, writable } = (
    end as unknown as { createEncodedStreams(): { readable: ReadableStream; writable: WritableStream } }
  ).createEncodedStreams();
  worker.postMessage({ kind: "streams", task, readable, writable }, [readable, writable]);
}

function prefer(transceiver: RTCRtpTransceiver, codec: Codec): void {
  if (codec === "opus") return;
  const all = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  transceiver.setCodecPreferences(all.filter((one) => one.mimeType.toLowerCase() === `video/${codec}`));
}

function wrap(first: (event: RTCTrackEvent) => void, then: (event: RTCTrackEvent) => void) {
  return (event: RTCTrackEvent): void => {
    first(event);
    then(event);
  };
}

/** What a server of ours answers about Opus in an encrypted room. */
function withConstantBitrate(answer: string): string {
  const format = /a=rtpmap:(\d+) opus/.exec(answer)?.[1];
  return answer.replace(`a=fmtp:${format} `, `a=fmtp:${format} cbr=1;usedtx=0;`);
}

function description(of: RTCSessionDescription | null): RTCSessionDescriptionInit {
  if (of === null) throw new Error("there is no description");
  return { type: of.type, sdp: of.sdp };
}

function connected(pc: RTCPeerConnection): Promise<void> {
  return new Promise((done) => {
    const look = () => pc.connectionState === "connected" && done();
    pc.onconnectionstatechange = look;
    look();
  });
}

declare global {
  interface Window {
    lab: Lab;
  }
}

window.lab = new Lab();
