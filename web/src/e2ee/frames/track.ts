/** One transform at work: takes each frame through encoder or decoder, counts, and lets nothing else through. */

import { type Codec, codecOf } from "./clear-prefix";
import { openFrame } from "./decoder";
import { sealFrame } from "./encoder";
import type { Keyring } from "./keyring";
import type { Direction, EncodedFrame, TrackReport } from "./messages";
import { REASONS, type Reason, type Stream } from "./stream";

/** How much of an outgoing frame is kept to be looked at. */
const PEEK_BYTES = 48;

export class Track {
  stream: Stream | null = null;
  /** Asks the sender's encoder for a key frame; only script transforms can. */
  wantKeyFrame: () => void = () => undefined;
  /** The first bytes of the last frame that left. */
  last = new Uint8Array();
  changed = false;

  readonly #dropped = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<Reason, number>;
  #passed = 0;
  #epoch: number | null = null;
  #gap = false;

  constructor(
    readonly id: string,
    readonly direction: Direction,
    private readonly ring: Keyring,
    private readonly onChange: () => void,
  ) {}

  /** Carries frames until the stream ends. Nothing reaches `writable` that `#through` has not made. */
  carry(readable: ReadableStream<EncodedFrame>, writable: WritableStream<EncodedFrame>): Promise<void> {
    const transform = new TransformStream<EncodedFrame, EncodedFrame>({
      transform: async (frame, controller) => {
        if (await this.#pass(frame)) controller.enqueue(frame);
      },
    });
    // The stream fails when its track ends; there is nobody to tell.
    return readable
      .pipeThrough(transform)
      .pipeTo(writable)
      .catch(() => undefined);
  }

  report(): TrackReport {
    const { id, direction, stream } = this;
    return { id, direction, stream, passed: this.#passed, dropped: { ...this.#dropped }, epoch: this.#epoch };
  }

  /** Replaces the frame's content; false when the frame must be dropped, whatever the cause. */
  async #pass(frame: EncodedFrame): Promise<boolean> {
    // Browsers send empty packets to probe the line. There is nothing in them to protect, to show or to report.
    if (frame.data.byteLength === 0) return false;
    let reason: Reason | null;
    try {
      reason = await this.#through(frame);
    } catch {
      // An error of ours must end a frame, not the pipe, and never let the frame by.
      reason = "malformed";
    }
    this.changed = true;
    this.onChange();
    if (reason !== null) {
      this.#dropped[reason] += 1;
      this.#gap = true;
      return false;
    }
    this.#passed += 1;
    if (this.#gap && this.direction === "receive" && frame.type === "delta") this.wantKeyFrame();
    this.#gap = false;
    return true;
  }

  async #through(frame: EncodedFrame): Promise<Reason | null> {
    const stream = this.stream;
    if (stream === null) return "blocked";
    const codec = codecFor(stream, frame);
    if (codec === null) return "codec";
    const data = new Uint8Array(frame.data);
    if (this.direction === "send") {
      const sealed = await sealFrame(this.ring, stream, codec, data);
      if (typeof sealed === "string") return sealed;
      frame.data = sealed.buffer;
      this.last = sealed.slice(0, PEEK_BYTES);
      this.#epoch = this.ring.sending;
      return null;
    }
    const opened = await openFrame(this.ring, stream, codec, data);
    if (typeof opened === "string") return opened;
    frame.data = opened.data.buffer;
    this.#epoch = opened.epoch;
    return null;
  }
}

/** What the frame itself says, else what the page knows; null unless it fits the kind of the track. */
function codecFor(stream: Stream, frame: EncodedFrame): Codec | null {
  const { mimeType } = frame.getMetadata();
  const codec = mimeType === undefined ? stream.codec : codecOf(mimeType);
  const sound = stream.kind === "audio" || stream.kind === "screen audio";
  return codec !== null && (codec === "opus") === sound ? codec : null;
}
