/** The mark of Huis Clos: two closed door leaves and the light in their keyhole. */

import styles from "./Logo.module.css";

export function Logo({ word = true }: { readonly word?: boolean }) {
  return (
    <span className={styles.logo}>
      <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
        <path d="M5 4.6 15.2 3v26L5 27.4z" className={styles.leaf} />
        <path d="M27 4.6 16.8 3v26L27 27.4z" className={styles.leaf} />
        <path d="M16 10.2a3.4 3.4 0 0 1 1.9 6.2l1.4 6.4h-6.6l1.4-6.4a3.4 3.4 0 0 1 1.9-6.2z" className={styles.light} />
      </svg>
      {word && <span className={styles.word}>Huis Clos</span>}
    </span>
  );
}
