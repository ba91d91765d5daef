/** Revokes one invitation: at once, or, where its bearer is inside, after asking whether they shall go too. */

import { Ban } from "lucide-react";
import { useState } from "react";
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import type { Invitation } from "../../model/invitations";
import type { RoomSession, Trouble } from "../../model/room-session";
import { useErrorText, useTexts } from "../context";
import { Button } from "../parts/Button";
import { ErrorNote } from "../parts/ErrorNote";
import styles from "./CompareDialog.module.css";

interface Props {
  readonly session: RoomSession;
  readonly invitation: Invitation;
  readonly isInside: boolean;
}

export function RevokeInvitation({ session, invitation: { id, label, seat }, isInside }: Props) {
  const { invite, people } = useTexts();
  const errorText = useErrorText();
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const revoke = () => void session.revokeInvitation(id);
  const button = {
    kind: "plain",
    "aria-label": invite.revoke(label),
    icon: <Ban size={20} aria-hidden />,
  } as const;
  if (!isInside || seat === null) return <Button {...button} onPress={revoke} />;
  return (
    <DialogTrigger>
      <Button {...button} />
      <ModalOverlay className={styles.veil ?? ""} isDismissable>
        <Modal className={styles.modal ?? ""}>
          <Dialog role="alertdialog" className={styles.dialog ?? ""}>
            {({ close }) => (
              <>
                <div className={styles.head}>
                  <Heading slot="title">{invite.revokeQuestion(label)}</Heading>
                </div>
                <p>{invite.revokeText}</p>
                {trouble !== null && <ErrorNote {...errorText(trouble.code)} />}
                <div className={styles.answers}>
                  <Button
                    kind="danger"
                    onPress={async () => {
                      const failed = await session.remove(seat, true);
                      setTrouble(failed);
                      if (failed !== null) return;
                      close();
                      revoke();
                    }}
                  >
                    {invite.revokeAndRemove}
                  </Button>
                  <Button
                    onPress={() => {
                      close();
                      revoke();
                    }}
                  >
                    {invite.revokeOnly}
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
