/** Before the call, in one line: is this room end-to-end encrypted, or could the server listen? */

import { LockKeyhole, LockOpen } from "lucide-react";
import { useTexts } from "./context";
import styles from "./ProtectionLine.module.css";

export function ProtectionLine({ isTransit }: { readonly isTransit: boolean }) {
  const { preJoin } = useTexts().security;
  return (
    <p className={`${styles.line} ${isTransit ? styles.transit : ""}`}>
      {isTransit ? <LockOpen size={20} aria-hidden /> : <LockKeyhole size={20} aria-hidden />}
      {isTransit ? preJoin.transit : preJoin.sealed}
    </p>
  );
}
