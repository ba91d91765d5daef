/** A question before something that cannot be taken back: a button, and over the call what it would do, with the answers. */

import type { ReactNode } from "react";
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import type { Trouble } from "../../model/room-session";
import { useErrorText, useTexts } from "../context";
import { Button } from "../parts/Button";
import { ErrorNote } from "../parts/ErrorNote";
import styles from "./CompareDialog.module.css";

interface Props {
  /** The button that asks. */
  readonly button: ReactNode;
  readonly title: string;
  readonly text: string;
  /** What is chosen along with the answer. */
  readonly choice?: ReactNode;
  /** Why the last answer could not be carried out. */
  readonly trouble: Trouble | null;
  /** All answers but the one that changes nothing. */
  readonly answers: (close: () => void) => ReactNode;
}

export function Question({ button, title, text, choice, trouble, answers }: Props) {
  const { people } = useTexts();
  const errorText = useErrorText();
  return (
    <DialogTrigger>
      {button}
      <ModalOverlay className={styles.veil ?? ""} isDismissable>
        <Modal className={styles.modal ?? ""}>
          <Dialog role="alertdialog" className={styles.dialog ?? ""}>
            {({ close }) => (
              <>
                <div className={styles.head}>
                  <Heading slot="title">{title}</Heading>
                </div>
                <p>{text}</p>
                {choice}
                {trouble !== null && <ErrorNote {...errorText(trouble.code)} />}
                <div className={styles.answers}>
                  {answers(close)}
                  <Button autoFocus onPress={close}>
                    {people.removeNot}
                  </Button>
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
