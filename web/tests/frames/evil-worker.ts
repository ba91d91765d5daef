/** A hostile server or member for tests: sends frames that it has spoiled, or notes what reaches a receiver without opening it. */

import { type Codec, split } from "../../src/e2ee/frames/clear-prefix";
import { openFrame } from "../../src/e2ee/frames/decoder";
import { sealFrame } from "../../src/e2ee/frames/encoder";
import { Keyring } from "../../src/e2ee/frames/keyring";
import type { EncodedFrame, KeyMessage } from "../../src/e2ee/frames/messages";
import type { Bytes } from "../../src/e2ee/frames/sframe";
import type { Kind } from "../../src/e2ee/frames/stream";

export type Evil = "honest" | "flip" | "replay" | "wrong kid" | "plain" | "wrong kind";

export interface Task {
  /** Spoil what is sent, or only look at what arrives. */
  readonly role: "send" | "tap";
  readonly kind: Kind;
  readonly codec: Codec;
  readonly identity: string;
}

export interface Tapped {
  /** Frames that open with the sender's key. */
  sealed: number;
  /** All others. */
  clear: number;
}

interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  readonly options: Task;
}

const scope = self as unknown as {
  onmessage: ((event: MessageEvent) => void) | null;
  onrtctransform: ((event: { readonly transformer: Transformer }) => void) | null;
  postMessage(message: unknown): void;
};

const ring = new Keyring();
let evil: Evil = "honest";
let kept: Bytes | null = null;
let last: Promise<void> = Promise.resolve();
const tapped: Tapped = { sealed: 0, clear: 0 };

scope.onmessage = ({ data }: MessageEvent) => {
  if (data.kind === "evil") evil = data.evil;
  else if (data.kind === "tapped") scope.postMessage(tapped);
  else if (data.kind === "streams") carry(data.task, data.readable, data.writable);
  else {
    // One after the other: the switch must find what was installed.
    last = last.then(() => obey(data));
  }
};
scope.onrtctransform = ({ transformer }) => carry(transformer.options, transformer.readable, transformer.writable);

async function obey(message: KeyMessage): Promise<void> {
  if (message.kind === "install") await ring.install(message);
  else if (message.kind === "switch") ring.switchTo(message.epoch);
}

function carry(task: Task, readable: ReadableStream<EncodedFrame>, writable: WritableStream<EncodedFrame>): void {
  const transform = new TransformStream<EncodedFrame, EncodedFrame>({
    async transform(frame, controller) {
      // Empty packets probe the line.
      if (frame.data.byteLength === 0) return;
      if (task.role === "tap") {
        const stream = { kind: task.kind, slot: 0, identity: task.identity, codec: null };
        const opened = await openFrame(ring, stream, task.codec, new Uint8Array(frame.data));
        tapped[typeof opened === "string" ? "clear" : "sealed"] += 1;
        return;
      }
      const spoiled = await spoil(task, new Uint8Array(frame.data));
      if (spoiled === null) return;
      frame.data = spoiled.slice().buffer;
      controller.enqueue(frame);
    },
  });
  void readable.pipeThrough(transform).pipeTo(writable);
}

async function spoil(task: Task, plain: Bytes): Promise<Bytes | null> {
  if (evil === "plain") return plain;
  const kind: Kind = evil === "wrong kind" ? (task.kind === "video" ? "screen" : "screen audio") : task.kind;
  const sealed = await sealFrame(ring, { kind, slot: 0, identity: "", codec: null }, task.codec, plain);
  if (typeof sealed === "string") return null;
  if (evil === "flip") {
    const at = Math.floor(Math.random() * 8 * sealed.length);
    sealed[at >> 3] = (sealed[at >> 3] ?? 0) ^ (1 << (at & 7));
  } else if (evil === "replay") {
    kept ??= sealed;
    return kept;
  } else if (evil === "wrong kid") {
    // After the configuration byte comes the KID, its leaf first: 1 becomes 2.
    const header = split(task.codec, sealed)?.clear.length ?? 0;
    sealed[header + 1] = (sealed[header + 1] ?? 0) ^ 3;
  } else {
    kept ??= sealed;
  }
  return sealed;
}
