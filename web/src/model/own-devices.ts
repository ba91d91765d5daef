/**
 * One's own microphone and camera before the call: what one wishes, what is open, what went wrong.
 *
 * Law: nothing is opened before a click on this page. `try`, `wish` and `choose` are only called from one.
 */

import type { ErrorCode } from "../types/errors";
import { deviceProblem } from "./device-problem";
import { Cell, type Observable } from "./observable";
import type {
  Belongings,
  DeviceKind,
  DeviceLists,
  DeviceRefusal,
  DevicesPort,
  OpenCamera,
  OpenMicrophone,
} from "./ports";
import type { PreferenceBook } from "./preferences";

export interface OwnDevice<Opened> {
  readonly wished: boolean;
  readonly opened: Opened | null;
  readonly asking: boolean;
  readonly problem: ErrorCode | null;
}

export interface OwnDevices {
  readonly microphone: OwnDevice<OpenMicrophone>;
  readonly camera: OwnDevice<OpenCamera>;
  readonly lists: DeviceLists;
  /** The label of a device that took the place of one that is gone. */
  readonly replacedBy: string | null;
}

type Kind = "microphone" | "camera";

const noLists: DeviceLists = { microphone: [], camera: [], speaker: [] };

export class DeviceDesk {
  readonly #cell: Cell<OwnDevices>;
  readonly #devices: DevicesPort;
  readonly #book: PreferenceBook;
  #unwatch: (() => void) | null = null;
  #closed = false;

  constructor(devices: DevicesPort, book: PreferenceBook, wishes: { microphone: boolean; camera: boolean }) {
    this.#devices = devices;
    this.#book = book;
    const device = (wished: boolean) => ({
      wished: wished && devices.available,
      opened: null,
      asking: false,
      problem: null,
    });
    this.#cell = new Cell<OwnDevices>({
      microphone: device(wishes.microphone),
      camera: device(wishes.camera),
      lists: noLists,
      replacedBy: null,
    });
    if (devices.available) {
      this.#unwatch = devices.watchList(() => void this.refreshLists());
      void this.refreshLists();
    }
  }

  get state(): Observable<OwnDevices> {
    return this.#cell;
  }

  /** Opens what is wished, to be seen and heard by oneself only. */
  async try(): Promise<void> {
    const { microphone, camera } = this.#cell.get();
    const wantsMicrophone = microphone.wished && microphone.opened === null;
    const wantsCamera = camera.wished && camera.opened === null;
    if (!this.#devices.available) return;
    if (wantsMicrophone && wantsCamera && (await this.#openBothAtOnce())) return;
    // One after the other: two questions of the browser on top of each other cannot be read.
    if (wantsMicrophone && this.#cell.get().microphone.problem === null) await this.#open("microphone");
    if (wantsCamera && this.#cell.get().camera.problem === null) await this.#open("camera");
  }

  /** From a click: turns one device on, which opens it, or off, which closes it. Remembered for the next visit. */
  async wish(kind: Kind, wished: boolean): Promise<void> {
    this.#change(kind, { wished, problem: null });
    this.#book.change({ [kind]: wished });
    if (!wished) {
      this.#cell.get()[kind].opened?.close();
      this.#change(kind, { opened: null });
    } else if (this.#devices.available) {
      await this.#open(kind);
    }
  }

  /** Remembers the choice and, when that device is open, opens the other one in its place. */
  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    this.#book.change({ devices: { ...this.#book.get().devices, [kind]: deviceId } });
    if (kind === "speaker") return;
    const { opened, wished } = this.#cell.get()[kind];
    if (opened === null && !wished) return;
    opened?.close();
    this.#change(kind, { opened: null, problem: null });
    await this.#open(kind);
  }

  async testSound(): Promise<void> {
    await this.#devices.chime(this.#book.get().devices.speaker);
  }

  /** Reads anew which devices there are: their names come with permission. */
  async refreshLists(): Promise<void> {
    const lists = await this.#devices.list();
    this.#cell.set({ ...this.#cell.get(), lists });
  }

  /** What goes into the call. From now on the call closes these devices, and this desk no longer touches them. */
  bring(): Belongings {
    const { microphone, camera } = this.#cell.get();
    const { devices, warnWhenMuted } = this.#book.get();
    this.#change("microphone", { opened: null });
    this.#change("camera", { opened: null });
    return {
      microphone: microphone.wished ? microphone.opened : null,
      camera: camera.wished ? camera.opened : null,
      microphoneId: devices.microphone,
      cameraId: devices.camera,
      speakerId: devices.speaker,
      warnWhenMuted,
    };
  }

  /** Closes everything. A device that opens after this is closed at once. */
  close(): void {
    this.#closed = true;
    this.#unwatch?.();
    this.#cell.get().microphone.opened?.close();
    this.#cell.get().camera.opened?.close();
    this.#change("microphone", { opened: null });
    this.#change("camera", { opened: null });
  }

  /** One question for both. False when the two must be tried apart, to learn which of them is at fault. */
  async #openBothAtOnce(): Promise<boolean> {
    const { devices } = this.#book.get();
    this.#change("microphone", { asking: true });
    this.#change("camera", { asking: true });
    try {
      const [microphone, camera] = await this.#devices.openBoth(devices.microphone, devices.camera);
      this.#opened("microphone", microphone);
      this.#opened("camera", camera);
      void this.refreshLists();
      return true;
    } catch (refusal) {
      const { name } = refusal as DeviceRefusal;
      for (const kind of ["microphone", "camera"] as const) {
        // A person who said no is not asked the same again; a device that is allowed is still tried alone.
        const allowed = (await this.#devices.permission(kind)) === "granted";
        const problem = name === "NotAllowedError" && !allowed ? deviceProblem(kind, refusal as DeviceRefusal) : null;
        this.#change(kind, { asking: false, problem });
      }
      return false;
    }
  }

  async #open(kind: Kind): Promise<void> {
    this.#change(kind, { asking: true, problem: null });
    const wanted = this.#book.get().devices[kind];
    try {
      const opened =
        kind === "microphone" ? await this.#devices.openMicrophone(wanted) : await this.#devices.openCamera(wanted);
      this.#opened(kind, opened);
      if (wanted !== null && opened.deviceId !== "" && opened.deviceId !== wanted) {
        this.#cell.set({ ...this.#cell.get(), replacedBy: opened.label });
      }
    } catch (refusal) {
      this.#change(kind, { asking: false, opened: null, problem: deviceProblem(kind, refusal as DeviceRefusal) });
    }
    await this.refreshLists();
  }

  #opened(kind: Kind, opened: OpenMicrophone | OpenCamera): void {
    if (this.#closed || !this.#cell.get()[kind].wished) {
      opened.close();
      this.#change(kind, { asking: false });
      return;
    }
    this.#change(kind, { asking: false, problem: null, opened: opened as OpenMicrophone & OpenCamera });
  }

  #change(kind: Kind, part: Partial<OwnDevice<OpenMicrophone & OpenCamera>>): void {
    const now = this.#cell.get();
    this.#cell.set({ ...now, [kind]: { ...now[kind], ...part } });
  }
}
