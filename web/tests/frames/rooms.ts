/** Members of one call over a real server, each with a Room of livekit-client and our frame encryption. Spoken to by `window.rooms`. */

import { Room, RoomEvent } from "livekit-client";
import { encryptedRoomOptions } from "../../src/e2ee/encrypted-room-options";
import type { KeyMessage, TrackReport } from "../../src/e2ee/frames/messages";
import { FrameEncryption, type FrameEvent } from "../../src/e2ee/manager";

interface Member {
  readonly room: Room;
  readonly keys: MessagePort;
  readonly leaf: number;
  readonly tracks: Map<string, TrackReport>;
  readonly events: string[];
  readonly heard: string[];
}

class Rooms {
  readonly #members = new Map<string, Member>();
  #names: [number, string][] = [];

  /** Everybody who will be in the group; their leaves are their places in this list. */
  expect(names: string[]): void {
    this.#names = names.map((name, leaf) => [leaf, name]);
  }

  async join(name: string, url: string, token: string): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const tracks = new Map<string, TrackReport>();
    const events: string[] = [];
    const heard: string[] = [];
    const worker = new Worker(new URL("../../src/e2ee/frame-worker.ts", import.meta.url), { type: "module" });
    const hear = (event: FrameEvent) => {
      if (event.type === "tracks") for (const track of event.tracks) tracks.set(track.id, track);
      else events.push(event.type);
    };
    const encryption = new FrameEncryption(port2, hear, worker);
    const room = new Room(encryptedRoomOptions({ dynacast: true, publishDefaults: { videoCodec: "vp8" } }, encryption));
    room.on(RoomEvent.DataReceived, (payload) => heard.push(new TextDecoder().decode(payload)));
    room.on(RoomEvent.TrackSubscribed, (track) => document.body.append(track.attach()));
    const leaf = this.#names.find(([, known]) => known === name)?.[0] ?? -1;
    this.#members.set(name, { room, keys: port1, leaf, tracks, events, heard });
    await room.connect(url, token);
  }

  async rekey(epoch: number, whom: string[]): Promise<void> {
    const raw = crypto.getRandomValues(new Uint8Array(16));
    const base = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey", "deriveBits"]);
    const members = this.#names;
    for (const name of whom) {
      this.#tell(name, { kind: "install", epoch, base, leaf: this.#member(name).leaf, members });
    }
    for (const name of whom) this.#tell(name, { kind: "switch", epoch });
  }

  async publish(name: string, what: "camera" | "microphone" | "screen", on = true): Promise<void> {
    const { localParticipant } = this.#member(name).room;
    if (what === "camera") await localParticipant.setCameraEnabled(on);
    else if (what === "microphone") await localParticipant.setMicrophoneEnabled(on);
    else await localParticipant.setScreenShareEnabled(on);
  }

  async say(name: string, text: string): Promise<void> {
    await this.#member(name).room.localParticipant.publishData(new TextEncoder().encode(text), { reliable: true });
  }

  heard(name: string): string[] {
    return this.#member(name).heard;
  }

  events(name: string): string[] {
    return this.#member(name).events;
  }

  reports(name: string): TrackReport[] {
    return [...this.#member(name).tracks.values()];
  }

  /** What the server said of the tracks of others: sources and whether it calls them encrypted. */
  published(name: string): [string, boolean][] {
    const others = [...this.#member(name).room.remoteParticipants.values()];
    return others.flatMap((other) =>
      [...other.trackPublications.values()].map((one): [string, boolean] => [one.source, one.isEncrypted]),
    );
  }

  /** Breaks the connections as a lost network would, so that livekit-client builds new ones. */
  async reconnect(name: string): Promise<void> {
    const { room } = this.#member(name);
    const back = new Promise<void>((done) => room.once(RoomEvent.Reconnected, () => done()));
    await room.simulateScenario("full-reconnect");
    await back;
  }

  #tell(name: string, message: KeyMessage): void {
    this.#member(name).keys.postMessage(message);
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`${name} is not here`);
    return member;
  }
}

declare global {
  interface Window {
    rooms: Rooms;
  }
}

window.rooms = new Rooms();
