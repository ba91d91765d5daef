/** The quiet line above the stage: the house's mark, and the honest word on encryption. */

import { ShieldCheck } from "lucide-react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { useTexts } from "../context";
import { Logo } from "../parts/Logo";
import styles from "./TopLine.module.css";

export function TopLine() {
  const texts = useTexts();
  return (
    <header className={styles.line}>
      <Logo />
      <DialogTrigger>
        <Button className={styles.chip ?? ""}>
          <ShieldCheck size={18} aria-hidden />
          {texts.protection.short}
        </Button>
        <Popover className={styles.popover ?? ""} placement="bottom end">
          <Dialog aria-label={texts.protection.short}>
            <p>{texts.protection.long}</p>
          </Dialog>
        </Popover>
      </DialogTrigger>
    </header>
  );
}
