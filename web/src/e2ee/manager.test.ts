/** The encryption inside a real Room of livekit-client, with the real worker code; only the browser's parts are missing. */

import { DataPacket, EncryptedPacket, UserPacket } from "@livekit/protocol";
import { Room, RoomEvent } from "livekit-client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { encryptedRoomOptions } from "./encrypted-room-options";
import { bytes, installation } from "./frames/fixture";
import type { PageMessage, WorkerMessage } from "./frames/messages";
import { FrameEncryption, type FrameEvent } from "./manager";

/** The worker's module in this process: a Worker needs a browser. */
class NearWorker {
  onmessage: ((event: { data: WorkerMessage }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #scope = {
    onmessage: null as ((event: { data: PageMessage }) => void) | null,
    postMessage: (data: WorkerMessage) => this.onmessage?.({ data }),
  };

  static async start(): Promise<NearWorker> {
    const worker = new NearWorker();
    vi.stubGlobal("self", worker.#scope);
    vi.resetModules();
    await import("./frame-worker");
    vi.unstubAllGlobals();
    vi.stubGlobal("RTCRtpScriptTransform", class {});
    return worker;
  }

  postMessage(data: PageMessage): void {
    this.#scope.onmessage?.({ data });
  }

  terminate(): void {
    this.#scope.onmessage = null;
  }
}

interface Opened {
  readonly room: Room;
  readonly encryption: FrameEncryption;
  readonly heard: string[];
  /** What the call is told by the encryption, in order. */
  readonly told: FrameEvent["type"][];
}

/** A member's Room, with the key of the first epoch; `heard` gets every data packet that the application would see. */
async function member(leaf: number): Promise<Opened> {
  const { port1, port2 } = new MessageChannel();
  const worker = await NearWorker.start();
  let mayGo: () => void = () => undefined;
  const sending = new Promise<void>((done) => {
    mayGo = done;
  });
  const told: FrameEvent["type"][] = [];
  const hear = ({ type }: FrameEvent) => {
    told.push(type);
    if (type === "sending") mayGo();
  };
  const encryption = new FrameEncryption(port2, hear, worker as unknown as Worker);
  port1.postMessage({ kind: "install", ...(await installation(1, leaf)) });
  port1.postMessage({ kind: "switch", epoch: 1 });
  await sending;
  port1.close();
  return { ...opened(new Room(encryptedRoomOptions({}, encryption))), encryption, told };
}

function opened(room: Room): { room: Room; heard: string[] } {
  const heard: string[] = [];
  room.on(RoomEvent.DataReceived, (payload) => heard.push(new TextDecoder().decode(payload)));
  return { room, heard };
}

interface DataPath {
  handleDataMessage(message: { data: ArrayBuffer }): Promise<void>;
  sendDataPacket(packet: DataPacket, kind: number): Promise<void>;
  sendDataTrackFrame(data: Uint8Array): Promise<void>;
}

function dataPath(room: Room): DataPath {
  return (room as unknown as { engine: DataPath }).engine;
}

async function arrives(room: Room, packet: DataPacket): Promise<void> {
  await dataPath(room).handleDataMessage({ data: packet.toBinary().slice().buffer as ArrayBuffer });
}

function clear(text: string): DataPacket {
  const user = new UserPacket({ payload: new TextEncoder().encode(text) });
  return new DataPacket({ participantIdentity: "alice", value: { case: "user", value: user } });
}

async function sealed(by: FrameEncryption, text: string): Promise<DataPacket> {
  // EncryptedPacketPayload: field 1 is the user packet.
  const user = new UserPacket({ payload: new TextEncoder().encode(text) }).toBinary();
  const { payload, iv } = await by.encryptData(Uint8Array.from([0x0a, user.length, ...user]));
  const value = new EncryptedPacket({ encryptedValue: payload, iv, keyIndex: 0 });
  return new DataPacket({ participantIdentity: "alice", value: { case: "encryptedPacket", value } });
}

describe("in a Room", () => {
  beforeEach(() => vi.stubGlobal("RTCRtpScriptTransform", class {}));
  afterEach(() => vi.unstubAllGlobals());

  test("a clear data packet reaches nobody, and an encrypted one does", async () => {
    const alice = await member(1);
    const bob = await member(2);

    await arrives(bob.room, clear("forged"));
    expect(bob.told).toContain("clear-refused");
    await arrives(bob.room, await sealed(alice.encryption, "good morning"));

    expect(bob.heard).toEqual(["good morning"]);
    expect(bob.told.filter((type) => type === "clear-refused")).toHaveLength(1);
  });

  test("without our encryption the clear packet does reach the application", async () => {
    const { room, heard } = opened(new Room());

    await arrives(room, clear("forged"));

    expect(heard).toEqual(["forged"]);
  });

  test("an encrypted packet that the server ascribes to another, repeats or spoils reaches nobody", async () => {
    const alice = await member(1);
    const bob = await member(2);
    const packet = await sealed(alice.encryption, "once");
    const spoiled = await sealed(alice.encryption, "spoiled");
    if (spoiled.value.case === "encryptedPacket") spoiled.value.value.encryptedValue.reverse();

    await arrives(bob.room, new DataPacket({ ...packet, participantIdentity: "bob" }));
    await arrives(bob.room, packet);
    await arrives(bob.room, packet);
    await arrives(bob.room, spoiled);

    expect(bob.heard).toEqual(["once"]);
  });

  test("packets that livekit-client would send clear are refused", async () => {
    const { room } = await member(1);
    const path = dataPath(room);
    const spoken = new DataPacket({ value: { case: "transcription", value: {} } });

    await expect(path.sendDataPacket(spoken, 0)).rejects.toThrow("encryption_unsupported");
    await expect(path.sendDataTrackFrame(bytes("00"))).rejects.toThrow("encryption_unsupported");
  });

  test("tracks are announced as encrypted, and nothing switches encryption off", async () => {
    const { room, encryption } = await member(1);

    await vi.waitFor(() => expect(room.localParticipant.isE2EEEnabled).toBe(true));
    encryption.isDataChannelEncryptionEnabled = false;
    encryption.setParticipantCryptorEnabled();
    encryption.setSifTrailer();

    expect(encryption.isEnabled && encryption.isDataChannelEncryptionEnabled).toBe(true);
  });

  test("only codecs that survive encryption are published, without what packet sizes tell", async () => {
    const { encryption } = await member(1);
    const from = (videoCodec: "av1" | "h264" | "vp9") =>
      encryptedRoomOptions(
        { dynacast: true, publishDefaults: { videoCodec, dtx: true, red: true, backupCodec: true } },
        encryption,
      );

    expect(from("av1").publishDefaults).toEqual({
      videoCodec: "vp8",
      simulcast: true,
      dtx: false,
      red: false,
      backupCodec: false,
    });
    expect(from("h264").publishDefaults?.videoCodec).toBe("vp8");
    expect(from("vp9").publishDefaults?.videoCodec).toBe("vp9");
    expect(from("vp9").dynacast).toBe(true);
  });
});

describe("a browser without encoded transforms", () => {
  test("is refused before the worker gets keys", () => {
    const { port1 } = new MessageChannel();
    const told = vi.fn();
    const worker = { postMessage: told } as unknown as Worker;

    expect(() => new FrameEncryption(port1, () => undefined, worker)).toThrow("encryption_unsupported");

    expect(told).not.toHaveBeenCalled();
    port1.close();
  });
});
