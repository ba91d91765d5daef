/** A small world in memory around one browser and its visit to a room: a server that answers as told, devices that count. */

import {
  type DoorMessage,
  type Entry,
  Failure,
  type Look,
  type RoomId,
  type SeatKey,
  type Visitor,
} from "../types/room";
import { type CallState, callAfter, callBegins, type EndReason } from "./call";
import { type EncryptionState, encryptionAfter, encryptionBegins } from "./encryption";
import type { LinkKeys } from "./link";
import { Cell } from "./observable";
import type {
  Belongings,
  DeviceRefusal,
  Governance,
  LiveCall,
  OpenCamera,
  OpenMicrophone,
  Permission,
  Ports,
  RoomEncryption,
} from "./ports";
import { openPreferences } from "./preferences";
import { RoomSession } from "./room-session";

export const ROOM = "abcdefghijklmnopqrstuvwxyz" as RoomId;
export const KEYS: LinkKeys = { secret: "S", fingerprint: "F", hostSeed: null, invitation: null };

/** The world around one browser: a server that answers as told, devices that count how often they were opened. */
export class World {
  readonly kept = new Map<string, string>();
  entry: Entry | Failure = {
    state: "admitted",
    ticket: { identity: "p", role: "guest", token: "t", certificate: null },
  };
  claimFails: Failure | null = null;
  admitFails: Failure | null = null;
  refusal: DeviceRefusal | null = null;
  opened = 0;
  open = 0;
  entered = 0;
  visitor: Visitor | null = null;
  look: Look = { role: "stranger", people: null, encryption: "transit", policy: null };
  readonly keys = new Cell<EncryptionState>(encryptionBegins);
  readonly log: string[] = [];
  certified = "";
  issued = 0;
  tell: (message: DoorMessage) => void = () => undefined;
  doors = 0;
  brought: Belongings | null = null;
  readonly call = new Cell<CallState>(callBegins);

  private device(): OpenMicrophone & OpenCamera {
    if (this.refusal !== null) throw this.refusal;
    this.opened += 1;
    this.open += 1;
    return {
      deviceId: "d",
      label: "Device",
      level: new Cell(0),
      picture: { attach: () => () => undefined },
      release: () => ({}) as MediaStreamTrack,
      close: () => {
        this.open -= 1;
      },
    };
  }

  end(reason: EndReason): void {
    this.call.set(callAfter(this.call.get(), { type: "ended", reason }));
  }

  removeFails: Failure | null = null;
  postFails: Failure[] = [];
  /** Made with a link that is out of force. */
  readonly oldCards = new Set<string>();
  readonly governance = new Cell<Governance>({ seq: 1, secret: null });

  readonly ports: Ports = {
    rooms: {
      create: async () => ({ room: ROOM, claim: "c" }),
      claim: async () => {
        if (this.claimFails !== null) throw this.claimFails;
      },
      look: async () => this.look,
      enter: async (_room, _seat, visitor) => {
        this.entered += 1;
        this.visitor = visitor;
        if (this.entry instanceof Failure) throw this.entry;
        return this.entry;
      },
      admit: async (_room, _knock, _seat, certificate) => {
        if (this.admitFails !== null) throw this.admitFails;
        this.certified = certificate ?? "";
      },
      deny: async () => undefined,
      changePolicy: async (_room, { seq }) => {
        const failure = this.postFails.pop();
        if (failure !== undefined) throw failure;
        this.log.push(`policy ${seq} posted`);
      },
      remove: async (_room, identity) => {
        this.log.push(`seat of ${identity} ends`);
        if (this.removeFails !== null) throw this.removeFails;
      },
      admitAll: async (_room, _seat, certificates) => {
        this.certified = JSON.stringify(certificates);
      },
    },
    door: {
      listen: (_room, _seat, onMessage) => {
        this.doors += 1;
        this.tell = onMessage;
        return () => {
          this.doors -= 1;
        };
      },
    },
    devices: {
      available: true,
      permission: async (): Promise<Permission> => "prompt",
      list: async () => ({ microphone: [], camera: [], speaker: [] }),
      watchList: () => () => undefined,
      openMicrophone: async () => this.device(),
      openCamera: async () => this.device(),
      openBoth: async () => [this.device(), this.device()],
      chime: async () => undefined,
    },
    call: {
      prepare: () => undefined,
      join: async (_ticket, belongings, encryption) => {
        this.log.push(`call ${encryption === null ? "open" : encryption.state.get().padlock}`);
        this.brought = belongings;
        const call: Partial<LiveCall> = { state: this.call, leave: async () => this.end("left") };
        return call as LiveCall;
      },
      probe: async () => null,
      canShareScreen: true,
      canChooseSpeaker: true,
    },
    encryption: {
      draw: async () => ({ room: ROOM, keys: KEYS, policy: "p" }),
      open: async (_room, _keys, policy) => {
        this.log.push(`open ${policy}`);
        if (policy === "forged") throw new Failure("link_mismatch");
        return this.encryption;
      },
    },
    keepsakes: {
      read: (key) => this.kept.get(key) ?? null,
      write: (key, value) => void this.kept.set(key, value),
    },
    drawSeatKey: () => `seat${Math.random()}` as SeatKey,
    unfit: null,
  };

  /** Keys that open every card that begins with "card of", which may end in the invitation it was made with. */
  readonly encryption: RoomEncryption = {
    identity: "p_me",
    governance: this.governance,
    holdsHostKey: true,
    mayInvite: true,
    state: this.keys,
    makeCard: async (name) => `card of ${name}`,
    openCard: async (card) => {
      const [, name, invitation] = /^card of (\w+)(?: by (\w+))?$/.exec(card) ?? [];
      return name === undefined || this.oldCards.has(card)
        ? null
        : { identity: `p_${name}`, name, invitation: invitation ?? null };
    },
    invitation: async (id) => {
      this.issued += 1;
      return id === null ? { id: `i${this.issued}`, secret: `I${this.issued}` } : { id, secret: id.toUpperCase() };
    },
    certify: async (card) => `certificate for the ${card}`,
    enter: async ({ asHost }) => {
      this.log.push(`enter as ${asHost ? "host" : "guest"}`);
      this.keys.set(encryptionAfter(this.keys.get(), { type: "epoch", epoch: 1, members: [] }));
    },
    changePolicy: async ({ ban, newLink }) => {
      this.log.push(`keys of ${ban} go${newLink ? " with a new link" : ""}`);
      return { policy: "p2", seq: 2 };
    },
    alarmsSeen: () => undefined,
    close: () => void this.log.push("close"),
  };

  visit(keys: LinkKeys | null = null): RoomSession {
    return new RoomSession(
      { at: "room", room: ROOM, claim: null, keys },
      this.ports,
      openPreferences(this.ports.keepsakes, ["fr"]),
    );
  }
}
