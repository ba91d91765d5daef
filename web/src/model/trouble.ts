/** What went wrong, as a person can be told about it. */

import type { ErrorCode } from "../types/errors";
import { Failure } from "../types/room";

export interface Trouble {
  readonly code: ErrorCode;
  readonly seconds?: number;
}

/** Whatever was thrown; a fault nobody expected is told as a lost connection. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Failure)) return { code: "connection_ended" };
  return error.seconds === undefined ? { code: error.code } : { code: error.code, seconds: error.seconds };
}
