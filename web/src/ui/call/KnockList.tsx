/** The people at the door, one a row. A name from outside stands apart from our own words, and is called unverified by where it stands. */

import { useId } from "react";
import type { RoomSession, Trouble } from "../../model/room-session";
import type { Caller } from "../../types/room";
import { useErrorText, useTexts } from "../context";
import { Button } from "../parts/Button";
import { ErrorNote } from "../parts/ErrorNote";
import styles from "./KnockCard.module.css";

interface Props {
  readonly session: RoomSession;
  readonly knocks: readonly Caller[];
  readonly trouble: Trouble | null;
}

export function KnockList({ session, knocks, trouble }: Props) {
  const errorText = useErrorText();
  return (
    <>
      {trouble !== null && <ErrorNote {...errorText(trouble.code)} />}
      <ul className={styles.list}>
        {knocks.map((knock) => (
          <KnockRow key={knock.id} session={session} knock={knock} />
        ))}
      </ul>
    </>
  );
}

function KnockRow({ session, knock }: { readonly session: RoomSession; readonly knock: Caller }) {
  const texts = useTexts();
  const nameId = useId();
  const { invitation } = knock;
  const label = invitation?.label ?? "";
  return (
    <li className={styles.row}>
      <p className={styles.who}>
        <bdi id={nameId} className={styles.name}>
          {knock.name ?? texts.people.unverified}
        </bdi>
        <span className={styles.since}>{texts.people.waits(Math.floor(knock.waitingSeconds / 60))}</span>
        {invitation !== undefined && (
          <span className={styles.invitation}>
            {invitation.standing === "unknown"
              ? texts.people.invitation.unknown
              : texts.people.invitation[invitation.standing](label)}
          </span>
        )}
      </p>
      <div className={styles.answers}>
        <Button aria-describedby={nameId} onPress={() => void session.deny(knock.id)}>
          {texts.people.deny}
        </Button>
        {knock.name !== null && invitation?.standing !== "revoked" && (
          <Button kind="primary" aria-describedby={nameId} onPress={() => void session.admit(knock.id)}>
            {texts.people.admit}
          </Button>
        )}
      </div>
    </li>
  );
}
