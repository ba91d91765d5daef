/** Names what went wrong when a microphone, a camera or a screen could not be opened, so that the right help is shown. Pure. */

import type { ErrorCode } from "../types/errors";
import type { DeviceRefusal } from "./ports";

/** The error a person should read for `refusal`. Browsers differ in names and words; the differences end here. */
export function deviceProblem(kind: "microphone" | "camera", refusal: DeviceRefusal): ErrorCode {
  switch (refusal.name) {
    case "NotAllowedError":
    case "PermissionDeniedError":
    case "SecurityError":
      // Chromium says "by system" when the browser may and the operating system may not.
      return /system/i.test(refusal.message) ? `${kind}_blocked_by_system` : `${kind}_blocked`;
    case "NotFoundError":
    case "DevicesNotFoundError":
    case "OverconstrainedError":
      return `${kind}_missing`;
    case "InsecureContext":
      return "context_insecure";
    default:
      // NotReadableError, AbortError, TrackStartError: there, allowed, and yet it does not start.
      return `${kind}_busy`;
  }
}

/** The same for a screen. Null when the person simply closed the picker. */
export function screenProblem(refusal: DeviceRefusal): ErrorCode | null {
  if (refusal.name === "NotAllowedError" && !/system/i.test(refusal.message)) return null;
  if (refusal.name === "NotSupportedError" || refusal.name === "TypeError") return "screen_unsupported";
  return "screen_blocked";
}

export type BrowserFamily = "chromium" | "firefox" | "safari" | "other";

/** Which browser's words to use for where its permission switch is. Only help texts depend on it. */
export function browserFamily(userAgent: string): BrowserFamily {
  if (/Firefox\//.test(userAgent)) return "firefox";
  if (/Chrom(e|ium)\//.test(userAgent)) return "chromium";
  if (/Safari\//.test(userAgent)) return "safari";
  return "other";
}
