/** The quiet line above the stage: the house's mark, and how well the call is sealed. */

import { Button } from "react-aria-components";
import type { Padlock } from "../../model/encryption";
import { useTexts } from "../context";
import { Logo } from "../parts/Logo";
import { PadlockIcon } from "./PadlockIcon";
import styles from "./TopLine.module.css";

interface Props {
  readonly padlock: Padlock;
  readonly isOpen: boolean;
  readonly onSecurity: () => void;
}

export function TopLine({ padlock, isOpen, onSecurity }: Props) {
  const { security } = useTexts();
  return (
    <header className={styles.line}>
      <Logo />
      <Button className={`${styles.chip} ${styles[padlock]}`} aria-expanded={isOpen} onPress={onSecurity}>
        <PadlockIcon padlock={padlock} />
        {security.short[padlock]}
      </Button>
    </header>
  );
}
