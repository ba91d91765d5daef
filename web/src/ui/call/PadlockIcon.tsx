/** The padlock as a picture. Decoration: the words that belong to it stand beside it. */

import { LockKeyhole, LockKeyholeOpen, LockOpen, OctagonX, RotateCw, TriangleAlert } from "lucide-react";
import type { Padlock } from "../../model/encryption";

const icons = {
  transit: LockOpen,
  opening: LockKeyholeOpen,
  closed: LockKeyhole,
  returning: RotateCw,
  alarm: TriangleAlert,
  broken: OctagonX,
};

export function PadlockIcon({ padlock, size = 18 }: { readonly padlock: Padlock; readonly size?: number }) {
  const Icon = icons[padlock];
  return <Icon size={size} aria-hidden />;
}
