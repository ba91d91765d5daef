/** The seal of somebody's media as a tile shows it: a key that comes within two seconds is nobody's concern. */

import { useEffect, useState } from "react";
import type { MediaSeal } from "../../model/encryption";

const PATIENCE_MS = 2_000;

export function useOverdue(media: MediaSeal): "waiting" | "failing" | null {
  const [overdue, setOverdue] = useState(false);
  const waiting = media === "waiting";
  useEffect(() => {
    if (!waiting) return setOverdue(false);
    const timer = setTimeout(() => setOverdue(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [waiting]);
  if (media === "failing") return "failing";
  return waiting && overdue ? "waiting" : null;
}
