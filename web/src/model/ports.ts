/** What the screens may ask of the world, and the handles they are given: fulfilled by api and call, never by ui. */

import type { ErrorCode } from "../types/errors";
import type { DoorMessage, Entry, Look, RoomId, SeatKey, Ticket, Visitor } from "../types/room";
import type { CallState } from "./call";
import type { EncryptionState } from "./encryption";
import type { LinkKeys } from "./link";
import type { Observable } from "./observable";

/** A picture that can be put into a `<video>` of the page. */
export interface PictureHandle {
  /** Shows the picture in `element` until the returned function is called. */
  attach(element: HTMLVideoElement): () => void;
}

/** A sound that can be put into an `<audio>` of the page. */
export interface SoundHandle {
  attach(element: HTMLAudioElement): () => void;
}

/** What a new room is to be: encrypted under a policy the browser has signed, or open to the server. */
export type RoomPlan =
  | { readonly encryption: "e2ee"; readonly room: RoomId; readonly policy: string }
  | { readonly encryption: "transit" };

/** The server's REST API. Every call rejects with a Failure. Certificates are base64url, null in transit rooms. */
export interface RoomsPort {
  create(plan: RoomPlan): Promise<{ room: RoomId; claim: string }>;
  claim(room: RoomId, claim: string, seat: SeatKey, identity: string | null): Promise<void>;
  look(room: RoomId, seat: SeatKey): Promise<Look>;
  enter(room: RoomId, seat: SeatKey, visitor: Visitor): Promise<Entry>;
  admit(room: RoomId, knock: string, seat: SeatKey, certificate: string | null): Promise<void>;
  deny(room: RoomId, knock: string, seat: SeatKey): Promise<void>;
  /** For a host of an encrypted room: what newcomers are shown from now on. */
  changePolicy(room: RoomId, changed: ChangedPolicy, seat: SeatKey): Promise<void>;
  /** For a host: ends a guest's seat for good, with its call and everything that hangs on it. */
  remove(room: RoomId, identity: string, seat: SeatKey): Promise<void>;
  /** With certificates: lets in those who have one here, by knock. */
  admitAll(room: RoomId, seat: SeatKey, certificates: Readonly<Record<string, string>> | null): Promise<void>;
}

/** The door of a room. It opens itself again when its connection falls. */
export interface DoorPort {
  /** Listens until the returned function is called. `onLost` is told when the door stays shut for good. */
  listen(room: RoomId, seat: SeatKey, onMessage: (message: DoorMessage) => void, onLost: () => void): () => void;
}

export type DeviceKind = "microphone" | "camera" | "speaker";

export interface Device {
  readonly id: string;
  readonly label: string;
}

export type DeviceLists = Readonly<Record<DeviceKind, readonly Device[]>>;

/** Why a device could not be opened, as the browser told it. */
export interface DeviceRefusal {
  readonly name: string;
  readonly message: string;
}

/** A microphone or camera that is open on this side and not yet sent to anybody. */
export interface OpenDevice {
  readonly deviceId: string;
  readonly label: string;
  /** Hands the open device over to a call, which closes it from then on. */
  release(): MediaStreamTrack;
  close(): void;
}

export interface OpenMicrophone extends OpenDevice {
  /** Loudness from 0 to 1, some 20 times a second. */
  readonly level: Observable<number>;
}

export interface OpenCamera extends OpenDevice {
  readonly picture: PictureHandle;
}

export type Permission = "granted" | "denied" | "prompt" | "unknown";

/** The microphones and cameras of this computer. Opening one rejects with a DeviceRefusal. */
export interface DevicesPort {
  readonly available: boolean;
  permission(kind: "microphone" | "camera"): Promise<Permission>;
  list(): Promise<DeviceLists>;
  watchList(onChange: () => void): () => void;
  openMicrophone(deviceId: string | null): Promise<OpenMicrophone>;
  openCamera(deviceId: string | null): Promise<OpenCamera>;
  /** Both with one question of the browser. */
  openBoth(microphone: string | null, camera: string | null): Promise<[OpenMicrophone, OpenCamera]>;
  /** Plays a short chime on `speaker`. */
  chime(speaker: string | null): Promise<void>;
}

/** What one brings along into a call: devices already open, or none. */
export interface Belongings {
  readonly microphone: OpenMicrophone | null;
  readonly camera: OpenCamera | null;
  readonly microphoneId: string | null;
  readonly cameraId: string | null;
  readonly speakerId: string | null;
  /** Keeps the microphone open while it is muted, to warn who speaks unheard. */
  readonly warnWhenMuted: boolean;
}

/** A call one is in. Its methods never reject: what came of them, good or bad, shows in its state. */
export interface LiveCall {
  readonly state: Observable<CallState>;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  setScreen(on: boolean): Promise<void>;
  chooseDevice(kind: DeviceKind, deviceId: string): Promise<void>;
  setWarnWhenMuted(on: boolean): Promise<void>;
  /** To be called from a click: browsers play no sound before one. */
  allowSound(): Promise<void>;
  /** The first bytes (at most 96) of the last encrypted frame that was sent; null when there was none. */
  readonly lastSealed: () => Promise<Uint8Array | null>;
  leave(): Promise<void>;
}

/** What it takes to become a member of the encrypted room. */
export interface Membership {
  readonly name: string;
  readonly asHost: boolean;
  /** A host's leave as `certify` made it, base64url; null for a host. */
  readonly certificate: string | null;
  /** True for who was a member before, and comes back without asking. */
  readonly returning: boolean;
  readonly token: string;
  /** A new join token, when the connection must be opened again; null when there is none to be had now. */
  readonly freshToken: () => Promise<string | null>;
}

/** What a host changes of the policy; what is absent stays as it is. */
export interface PolicyChange {
  /** An identity that is not to come in any more, and is put out in the same commit. */
  readonly ban?: string;
  /** Draws another link secret: with the old link nobody can knock or come in from then on. */
  readonly newLink?: boolean;
  readonly about?: { readonly title: string; readonly agenda: string };
  /** Sealed by hosts for hosts (field 15 of the policy); null takes it out. */
  readonly notes?: Uint8Array<ArrayBuffer> | null;
}

/** A policy that is in force in the group, base64url. */
export interface ChangedPolicy {
  readonly policy: string;
  readonly seq: number;
}

/** What is in force in the room. */
export interface Governance {
  /** The number of the policy. */
  readonly seq: number;
  /** The link secret, base64url, if it has changed since one followed the link. */
  readonly secret: string | null;
}

/** The keys of this browser to one encrypted room. Calls reject with a Failure. */
export interface RoomEncryption {
  /** Who this browser is in the room: the fingerprint of its seat key. */
  readonly identity: string;
  readonly governance: Observable<Governance>;
  /** Whether this browser may sign for the room. */
  readonly holdsHostKey: boolean;
  /** Whether it can give out personal invitations. */
  readonly mayInvite: boolean;
  readonly state: Observable<EncryptionState>;
  /** What a guest leaves at the door: readable to who has the link. base64url. */
  makeCard(name: string): Promise<string>;
  /** Who left a card, and by which invitation; null when nobody with the link or an invitation made it. */
  openCard(card: string): Promise<{
    readonly identity: string;
    readonly name: string;
    readonly invitation: string | null;
  } | null>;
  /** A host's leave for whoever left this card, with all they need to come in. base64url. */
  certify(card: string): Promise<string>;
  /** Id and secret of a personal invitation: of a known one, or of a new one where `id` is null. base64url. */
  invitation(id: string | null): Promise<{ readonly id: string; readonly secret: string }>;
  /** Resolves when the keys of the group are here: nothing may be sent before. */
  enter(terms: Membership): Promise<void>;
  /**
   * For a host in the call: puts another policy in force by one commit of the group, whatever other hosts do meanwhile. Resolves when
   * it is in force here; the server is still to be told.
   */
  changePolicy(change: PolicyChange): Promise<ChangedPolicy>;
  /** The alarms one can live with have been read. */
  alarmsSeen(): void;
  /** Leaves the group, and forgets its keys. */
  close(): void;
}

export interface EncryptionPort {
  /** Draws what a new encrypted room needs; its host key stays in this browser. */
  draw(): Promise<{ readonly room: RoomId; readonly keys: LinkKeys; readonly policy: string }>;
  /** Rejects with a Failure when the policy is not the one that the link means. */
  open(room: RoomId, keys: LinkKeys, policy: string): Promise<RoomEncryption>;
}

/** Calls. `join` rejects with a Failure, and has closed the belongings by then. */
export interface CallPort {
  /** Loads what a call needs, so that joining does not wait for it. */
  prepare(): void;
  /** With `encryption`, which has been entered, nothing is sent or played but under its keys. */
  join(ticket: Ticket, belongings: Belongings, encryption: RoomEncryption | null): Promise<LiveCall>;
  /**
   * Connects, sends nothing, hangs up; `onSignalling` is told when the signalling stands. The milliseconds of a media packet to the
   * server and back, null where the browser does not tell. Rejects with a Failure.
   */
  probe(ticket: Ticket, onSignalling: () => void): Promise<number | null>;
  readonly canShareScreen: boolean;
  readonly canChooseSpeaker: boolean;
}

/** Small things kept in this browser between visits. Reading answers null when nothing is there or storage is refused. */
export interface KeepsakePort {
  read(key: string): string | null;
  write(key: string, value: string): void;
}

export interface Ports {
  readonly rooms: RoomsPort;
  readonly door: DoorPort;
  readonly devices: DevicesPort;
  readonly call: CallPort;
  readonly encryption: EncryptionPort;
  readonly keepsakes: KeepsakePort;
  readonly drawSeatKey: () => SeatKey;
  /** Null when this browser can hold calls. */
  readonly unfit: ErrorCode | null;
}
