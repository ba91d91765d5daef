/** In a room without end-to-end encryption, the one sentence that stays on the screen for as long as the call. */

import { LockOpen } from "lucide-react";
import { useTexts } from "../context";
import styles from "./TransitBanner.module.css";

export function TransitBanner() {
  const { security } = useTexts();
  return (
    <p className={styles.banner}>
      <LockOpen size={20} aria-hidden />
      {security.transitBanner}
    </p>
  );
}
