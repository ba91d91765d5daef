/**
 * Hangs the frame worker into senders and receivers the moment they exist: no frame may pass before. Which track one carries is
 * told later, and until then the worker lets nothing through.
 */

import { Failure } from "../types/room";
import type { Direction, EncodedFrame, PageMessage, TransformOptions } from "./frames/messages";
import type { Stream } from "./frames/stream";

interface EncodedStreams {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
}

type End = (RTCRtpSender | RTCRtpReceiver) & { createEncodedStreams?(): EncodedStreams };

/** Whether this browser can encrypt frames at all, and by which of the two interfaces. */
export function transformSupport(): "script" | "streams" | null {
  if ("RTCRtpScriptTransform" in globalThis) return "script";
  const sender = "RTCRtpSender" in globalThis ? RTCRtpSender.prototype : {};
  return "createEncodedStreams" in sender ? "streams" : null;
}

export class Transforms {
  readonly #worker: Worker;
  readonly #ids = new WeakMap<object, string>();
  #next = 1;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Puts the worker between encoder and network. Once for each sender or receiver; a Failure when the browser refuses. */
  attach(end: RTCRtpSender | RTCRtpReceiver, direction: Direction): void {
    if (this.#ids.has(end)) return;
    const options: TransformOptions = { id: `${direction} ${this.#next++}`, direction };
    // Streams first where the browser has both: a connection that was opened for them holds back every frame of an end
    // until they are asked for, and some versions refuse a script transform there.
    if (!this.#byStreams(end, options) && !this.#byScript(end, options)) throw new Failure("encryption_unsupported");
    this.#ids.set(end, options.id);
  }

  /** Says what an attached end carries from now on; null: nothing may pass. */
  assign(end: RTCRtpSender | RTCRtpReceiver, stream: Stream | null): void {
    const id = this.#ids.get(end);
    if (id === undefined) throw new Failure("encryption_unsupported");
    this.#post({ kind: "stream", id, stream });
  }

  /** The worker's name for this end, by which its reports can be told apart. */
  idOf(end: RTCRtpSender | RTCRtpReceiver): string | undefined {
    return this.#ids.get(end);
  }

  #byStreams(end: End, options: TransformOptions): boolean {
    if (end.createEncodedStreams === undefined) return false;
    try {
      const { readable, writable } = end.createEncodedStreams();
      this.#post({ kind: "streams", ...options, readable, writable }, [readable, writable]);
      return true;
    } catch {
      // The connection was not opened for encoded streams.
      return false;
    }
  }

  #byScript(end: End, options: TransformOptions): boolean {
    if (!("RTCRtpScriptTransform" in globalThis)) return false;
    try {
      end.transform = new RTCRtpScriptTransform(this.#worker, options);
      return true;
    } catch {
      return false;
    }
  }

  #post(message: PageMessage, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
