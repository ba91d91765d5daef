/** What the page, the MLS worker and the frame worker say to each other. */

import type { Installation } from "./keyring";
import type { Bytes } from "./sframe";
import type { Reason, Stream } from "./stream";

/** From the MLS worker, over a MessagePort: the page never holds a key. */
export type KeyMessage =
  | ({ readonly kind: "install" } & Installation)
  | { readonly kind: "switch"; readonly epoch: number }
  | { readonly kind: "wipe"; readonly epoch: number };

export type Direction = "send" | "receive";

/** Names one transform for its whole life, whatever track it carries at the time. */
export interface TransformOptions {
  readonly id: string;
  readonly direction: Direction;
}

/** Numbers a question, so that its answer can be told. */
type Numbered = { readonly request: number };

export type PageMessage =
  /** Comes with the port on which the keys arrive. */
  | { readonly kind: "keys"; readonly port: MessagePort }
  /** Streams of createEncodedStreams; script transforms announce themselves. */
  | ({
      readonly kind: "streams";
      readonly readable: ReadableStream<EncodedFrame>;
      readonly writable: WritableStream<EncodedFrame>;
    } & TransformOptions)
  /** What the transform carries from now on; with null it lets nothing through. */
  | { readonly kind: "stream"; readonly id: string; readonly stream: Stream | null }
  | ({ readonly kind: "seal"; readonly data: Bytes } & Numbered)
  | ({ readonly kind: "open"; readonly data: Bytes; readonly identity: string } & Numbered)
  /** Asks for the first bytes of what last left through this transform, for people who want to see ciphertext. */
  | ({ readonly kind: "peek"; readonly id: string } & Numbered);

/** What became of a track's frames since the worker began. */
export interface TrackReport extends TransformOptions {
  readonly stream: Stream | null;
  readonly passed: number;
  readonly dropped: Readonly<Record<Reason, number>>;
  /** The epoch of the newest frame that passed. */
  readonly epoch: number | null;
}

export type WorkerMessage =
  /** At most twice a second: the tracks on which something has changed. */
  | { readonly kind: "report"; readonly tracks: readonly TrackReport[] }
  /** The epoch one sends in; null: one must not send. */
  | { readonly kind: "sending"; readonly epoch: number | null }
  | ({ readonly kind: "done"; readonly data: Bytes } & Numbered)
  | ({ readonly kind: "refused"; readonly reason: Reason } & Numbered);

/** The frames of both transform APIs, audio and video. */
export interface EncodedFrame {
  data: ArrayBuffer;
  readonly type?: string;
  getMetadata(): { readonly mimeType?: string };
}
