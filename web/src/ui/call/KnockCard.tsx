/** Who is at the door, where a host cannot miss it: the first few, each with its two answers. */

import type { RoomSession, Trouble } from "../../model/room-session";
import type { Caller } from "../../types/room";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./KnockCard.module.css";
import { KnockList } from "./KnockList";

interface Props {
  readonly session: RoomSession;
  readonly knocks: readonly Caller[];
  readonly trouble: Trouble | null;
  readonly onAll: () => void;
}

const SHOWN = 3;

export function KnockCard({ session, knocks, trouble, onAll }: Props) {
  const texts = useTexts();
  if (knocks.length === 0) return null;
  return (
    <section className={styles.card} aria-labelledby="knocks">
      <h2 id="knocks">{texts.call.knocking(knocks.length)}</h2>
      <KnockList session={session} knocks={knocks.slice(0, SHOWN)} trouble={trouble} />
      {knocks.length > 1 && (
        <div className={styles.all}>
          <Button kind="primary" onPress={() => void session.admitAll()}>
            {texts.people.admitAll}
          </Button>
          {knocks.length > SHOWN && <Button onPress={onAll}>{texts.call.seeKnocks}</Button>}
        </div>
      )}
    </section>
  );
}
