/** A host puts somebody out: a button on the person's line, and a question before it is done. */

import { UserX } from "lucide-react";
import { useState } from "react";
import type { RoomSession, Trouble } from "../../model/room-session";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import { Toggle } from "../parts/Toggle";
import { Question } from "./Question";

interface Props {
  readonly session: RoomSession;
  readonly identity: string;
  readonly name: string;
  /** Whether the room has keys, and with them a link that can be changed. */
  readonly sealed: boolean;
}

export function RemovePerson({ session, identity, name, sealed }: Props) {
  const { people } = useTexts();
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [newLink, setNewLink] = useState(true);
  return (
    <Question
      button={<Button kind="plain" aria-label={people.remove(name)} icon={<UserX size={20} aria-hidden />} />}
      title={people.removeQuestion(name)}
      text={people.removeText}
      choice={
        sealed && (
          <Toggle label={people.removeNewLink} help={people.removeNewLinkHelp} on={newLink} onChange={setNewLink} />
        )
      }
      trouble={trouble}
      answers={(close) => (
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
      )}
    />
  );
}
