/** What a track is to the frame layer: whose it is and which authenticated label its frames carry. */

import type { Codec } from "./clear-prefix";
import type { Bytes } from "./sframe";

/** The label in the authenticated data: a camera's frames can never be shown as a screen. */
export const KINDS = { audio: 1, video: 2, "screen audio": 3, screen: 4, data: 5 } as const;
export type Kind = keyof typeof KINDS;

export interface Stream {
  readonly kind: Kind;
  readonly slot: number;
  /** Whose frames these are: a frame under another member's key is refused. */
  readonly identity: string;
  /** What the page knows of the codec, for browsers whose frames do not name it. */
  readonly codec: Codec | null;
}

/**
 * Why a frame was dropped. `blocked`: the track is not (or no longer) allowed to send or to be shown; `codec`: one that is never
 * encrypted here; the others concern key, sender, counter, authentication and shape.
 */
export const REASONS = ["blocked", "codec", "malformed", "no_key", "wrong_leaf", "replay", "bad_tag"] as const;
export type Reason = (typeof REASONS)[number];

const LABEL = [0x68, 0x63, 0x31] as const; // "hc1"

/** What SFrame authenticates beside its header: label, kind, slot, and the bytes of the frame that stay clear. */
export function metadata(kind: Kind, slot: number, clear: Bytes): Bytes {
  const out = new Uint8Array(LABEL.length + 2 + clear.length);
  out.set([...LABEL, KINDS[kind], slot]);
  out.set(clear, LABEL.length + 2);
  return out;
}
