/** Revokes one invitation: at once, or, where its bearer is inside, after asking whether they shall go too. */

import { Ban } from "lucide-react";
import { useState } from "react";
import type { Invitation } from "../../model/invitations";
import type { RoomSession, Trouble } from "../../model/room-session";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import { Question } from "./Question";

interface Props {
  readonly session: RoomSession;
  readonly invitation: Invitation;
  readonly isInside: boolean;
}

export function RevokeInvitation({ session, invitation: { id, label, seat }, isInside }: Props) {
  const { invite } = useTexts();
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const revoke = () => void session.revokeInvitation(id);
  const button = {
    kind: "plain",
    "aria-label": invite.revoke(label),
    icon: <Ban size={20} aria-hidden />,
  } as const;
  if (!isInside || seat === null) return <Button {...button} onPress={revoke} />;
  return (
    <Question
      button={<Button {...button} />}
      title={invite.revokeQuestion(label)}
      text={invite.revokeText}
      trouble={trouble}
      answers={(close) => (
        <>
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
        </>
      )}
    />
  );
}
