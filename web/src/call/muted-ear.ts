/**
 * Notices that somebody speaks while muted. Only for those who asked for it: it keeps a microphone open on this computer,
 * of which nothing is sent.
 */

import type { OpenMicrophone } from "../model/ports";
import { devices } from "./devices";

// Louder than a keyboard, for longer than a cough.
const SPEECH_LEVEL = 0.55;
const SPEECH_MS = 400;
const QUIET_AGAIN_MS = 4_000;

export class MutedEar {
  #microphone: OpenMicrophone | null = null;
  #wanted: string | undefined;
  #loudSince: number | null = null;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private allowed: boolean,
    private readonly onSpeaking: (speaking: boolean) => void,
  ) {}

  allow(allowed: boolean): void {
    this.allowed = allowed;
    this.#adjust();
  }

  /** Listens with `deviceId` from now on; `undefined` when the microphone is not muted. */
  listen(deviceId: string | undefined): void {
    this.#wanted = deviceId;
    this.#adjust();
  }

  close(): void {
    this.#closed = true;
    this.#adjust();
  }

  #should(): boolean {
    return this.allowed && this.#wanted !== undefined && !this.#closed;
  }

  #adjust(): void {
    if (this.#should() && this.#microphone === null) void this.#open();
    if (!this.#should() && this.#microphone !== null) {
      this.#microphone.close();
      this.#microphone = null;
      this.#loudSince = null;
      clearTimeout(this.#quiet);
      this.onSpeaking(false);
    }
  }

  async #open(): Promise<void> {
    const microphone = await devices.openMicrophone(this.#wanted ?? null).catch(() => null);
    if (microphone === null) return;
    if (!this.#should() || this.#microphone !== null) return microphone.close();
    this.#microphone = microphone;
    microphone.level.watch(() => this.#heard(microphone.level.get(), performance.now()));
  }

  #heard(level: number, now: number): void {
    if (level < SPEECH_LEVEL) {
      this.#loudSince = null;
      return;
    }
    this.#loudSince ??= now;
    if (now - this.#loudSince < SPEECH_MS) return;
    this.onSpeaking(true);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.onSpeaking(false), QUIET_AGAIN_MS);
  }
}
