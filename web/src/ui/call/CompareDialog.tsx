/** The safety code large enough to be read aloud, and the question it is for: the same, or not? */

import { Check, X } from "lucide-react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import type { SafetyCode } from "../../model/encryption";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./CompareDialog.module.css";
import { SafetySymbols } from "./SafetySymbols";

interface Props {
  readonly code: SafetyCode;
  readonly onAnswer: (same: boolean) => void;
  readonly onClose: () => void;
}

export function CompareDialog({ code, onAnswer, onClose }: Props) {
  const texts = useTexts();
  const { comparing } = texts.safety;
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => open || onClose()} className={styles.veil ?? ""}>
      <Modal className={styles.modal ?? ""}>
        <Dialog className={styles.dialog ?? ""}>
          <div className={styles.head}>
            <Heading slot="title">{comparing.title}</Heading>
            <Button kind="plain" aria-label={texts.close} icon={<X aria-hidden />} onPress={onClose} />
          </div>
          <p>{comparing.how}</p>
          <SafetySymbols code={code} large />
          <div className={styles.answers}>
            <Button kind="primary" large icon={<Check aria-hidden />} onPress={() => onAnswer(true)}>
              {comparing.same}
            </Button>
            <Button large onPress={() => onAnswer(false)}>
              {comparing.differs}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
