/**
 * The worker in which frames and data packets are sealed and opened. It gets keys from the MLS worker over a port of its own,
 * knows from the page only whose track is which, and drops everything it cannot seal or open.
 */

import { openData } from "./frames/decoder";
import { sealData } from "./frames/encoder";
import { Keyring } from "./frames/keyring";
import type {
  Direction,
  EncodedFrame,
  KeyMessage,
  PageMessage,
  TransformOptions,
  WorkerMessage,
} from "./frames/messages";
import type { Bytes } from "./frames/sframe";
import type { Reason, Stream } from "./frames/stream";
import { Track } from "./frames/track";

const REPORT_EVERY_MS = 500;
const KEY_FRAME_EVERY_MS = 500;

interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  readonly options: TransformOptions;
  sendKeyFrameRequest?(): Promise<void>;
}

/** The part of a worker's scope that is used here; the DOM library of TypeScript speaks of windows. */
interface Scope {
  onmessage: ((event: MessageEvent<PageMessage>) => void) | null;
  onrtctransform: ((event: { readonly transformer: Transformer }) => void) | null;
  postMessage(message: WorkerMessage): void;
}

const scope = self as unknown as Scope;
const ring = new Keyring();
const tracks = new Map<string, Track>();
// What a transform carries may be told before the transform itself is here.
const told = new Map<string, Stream | null>();

scope.onrtctransform = ({ transformer }) => {
  const { readable, writable, options } = transformer;
  const track = begin(options.id, options.direction);
  track.wantKeyFrame = sparingly(() => transformer.sendKeyFrameRequest?.().catch(() => undefined));
  carry(track, readable, writable);
};

scope.onmessage = ({ data: message }) => {
  switch (message.kind) {
    case "keys":
      listenForKeys(message.port);
      break;
    case "streams":
      carry(begin(message.id, message.direction), message.readable, message.writable);
      break;
    case "stream": {
      told.set(message.id, message.stream);
      const track = tracks.get(message.id);
      if (track !== undefined) track.stream = message.stream;
      break;
    }
    case "seal":
      void answer(message.request, sealData(ring, message.data));
      break;
    case "open":
      void answer(
        message.request,
        openData(ring, message.identity, message.data).then((opened) =>
          typeof opened === "string" ? opened : opened.data,
        ),
      );
      break;
    case "peek":
      scope.postMessage({
        kind: "done",
        request: message.request,
        data: tracks.get(message.id)?.last ?? new Uint8Array(),
      });
      break;
  }
};

function begin(id: string, direction: Direction): Track {
  const track = new Track(id, direction, ring, reportSoon);
  track.stream = told.get(id) ?? null;
  tracks.set(id, track);
  return track;
}

/** Carries the frames of `track`, and forgets it when they end. */
function carry(track: Track, readable: Transformer["readable"], writable: Transformer["writable"]): void {
  void track.carry(readable, writable).then(() => {
    tracks.delete(track.id);
    told.delete(track.id);
  });
}

function listenForKeys(port: MessagePort): void {
  // One after the other: an installation takes a moment, and the switch that follows must find it.
  let last: Promise<void> = Promise.resolve();
  port.onmessage = ({ data }: MessageEvent<KeyMessage>) => {
    last = last.then(() => obey(data)).catch(() => undefined);
  };
}

async function obey(message: KeyMessage): Promise<void> {
  const before = ring.sending;
  switch (message.kind) {
    case "install":
      await ring.install(message);
      break;
    case "switch":
      ring.switchTo(message.epoch);
      break;
    case "wipe":
      ring.wipe(message.epoch);
      break;
  }
  if (ring.sending !== before) scope.postMessage({ kind: "sending", epoch: ring.sending });
}

async function answer(request: number, result: Promise<Bytes | Reason>): Promise<void> {
  const data = await result.catch((): Reason => "malformed");
  scope.postMessage(
    typeof data === "string" ? { kind: "refused", request, reason: data } : { kind: "done", request, data },
  );
}

let reporting = false;

function reportSoon(): void {
  if (reporting) return;
  reporting = true;
  setTimeout(() => {
    reporting = false;
    const changed = [...tracks.values()].filter((track) => track.changed);
    for (const track of changed) track.changed = false;
    scope.postMessage({ kind: "report", tracks: changed.map((track) => track.report()) });
  }, REPORT_EVERY_MS);
}

function sparingly(act: () => void): () => void {
  let next = 0;
  return () => {
    const now = performance.now();
    if (now < next) return;
    next = now + KEY_FRAME_EVERY_MS;
    act();
  };
}
