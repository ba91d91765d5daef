/** What this browser keeps between visits, and the seat keys it draws. Works, forgetfully, where storage is refused. */

import type { KeepsakePort } from "../model/ports";
import type { SeatKey } from "../types/room";

const forgottenOnReload = new Map<string, string>();

export const keepsakes: KeepsakePort = {
  read(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return forgottenOnReload.get(key) ?? null;
    }
  },
  write(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      forgottenOnReload.set(key, value);
    }
  },
};

/** 32 random bytes as base64url without padding. */
export function drawSeatKey(): SeatKey {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "") as SeatKey;
}
