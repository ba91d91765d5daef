/** The quiet line above the stage: the house's mark, and the honest word on encryption. */

import { LockOpen, ShieldAlert, ShieldCheck } from "lucide-react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import type { EncryptionState } from "../../model/encryption";
import { useTexts } from "../context";
import { Logo } from "../parts/Logo";
import { SealSummary } from "./SealSummary";
import styles from "./TopLine.module.css";

interface Props {
  readonly encryption: EncryptionState;
}

export function TopLine({ encryption }: Props) {
  const texts = useTexts();
  const { padlock } = encryption;
  const { short, long } = padlock === "transit" ? texts.protection : texts.seal.states[padlock];
  const Icon = padlock === "transit" ? LockOpen : padlock === "closed" ? ShieldCheck : ShieldAlert;
  const danger = padlock === "alarm" || padlock === "broken";
  const look = danger ? styles.alarm : padlock === "closed" ? styles.closed : styles.chip;
  return (
    <header className={styles.line}>
      <Logo />
      <DialogTrigger>
        <Button className={look ?? ""}>
          <Icon size={18} aria-hidden />
          {short}
        </Button>
        <Popover className={styles.popover ?? ""} placement="bottom end">
          <Dialog aria-label={short}>
            <p>{long}</p>
          </Dialog>
        </Popover>
      </DialogTrigger>
      <SealSummary encryption={encryption} />
    </header>
  );
}
