/** A host puts somebody out: a button on the person's line, and a question before it is done. */

import { UserX } from "lucide-react";
import { useState } from "react";
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import type { RoomSession, Trouble } from "../../model/room-session";
import { useErrorText, useTexts } from "../context";
import { Button } from "../parts/Button";
import { ErrorNote } from "../parts/ErrorNote";
import { Toggle } from "../parts/Toggle";
import styles from "./CompareDialog.module.css";

interface Props {
  readonly session: RoomSession;
  readonly identity: string;
  readonly name: string;
  /** Whether the room has keys, and with them a link that can be changed. */
  readonly sealed: boolean;
}

export function RemovePerson({ session, identity, name, sealed }: Props) {
  const { people } = useTexts();
  const errorText = useErrorText();
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [newLink, setNewLink] = useState(true);
  return (
    <DialogTrigger>
      <Button kind="plain" aria-label={people.remove(name)} icon={<UserX size={20} aria-hidden />} />
      <ModalOverlay className={styles.veil ?? ""} isDismissable>
        <Modal className={styles.modal ?? ""}>
          <Dialog role="alertdialog" className={styles.dialog ?? ""}>
            {({ close }) => (
              <>
                <div className={styles.head}>
                  <Heading slot="title">{people.removeQuestion(name)}</Heading>
                </div>
                <p>{people.removeText}</p>
                {sealed && (
                  <Toggle
                    label={people.removeNewLink}
                    help={people.removeNewLinkHelp}
                    on={newLink}
                    onChange={setNewLink}
                  />
                )}
                {trouble !== null && <ErrorNote {...errorText(trouble.code)} />}
                <div className={styles.answers}>
                  <Button
                    kind="danger"
                    onPress={async () => {
                      const failed = await session.remove(identity, newLink);
                      setTrouble(failed);
                      if (failed === null) close();
                    }}
                  >
                    {people.removeDo}
                  </Button>
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
