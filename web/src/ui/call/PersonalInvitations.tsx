/** A host's personal invitations: a new one for a name, and those given out, each with how it stands and a way to revoke it. */

import { Copy, UserPlus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Invitation, LONGEST_LABEL, MOST_INVITATIONS } from "../../model/invitations";
import { type RoomSession, type Trouble, troubleOf } from "../../model/room-session";
import { copy } from "../clipboard";
import { useErrorText, useObservable, useTexts } from "../context";
import { Button } from "../parts/Button";
import { ErrorNote } from "../parts/ErrorNote";
import { TextField } from "../parts/TextField";
import styles from "./PersonalInvitations.module.css";
import { RevokeInvitation } from "./RevokeInvitation";

interface Props {
  readonly session: RoomSession;
}

interface Outcome {
  readonly label: string;
  /** Shown only where the browser refused to copy it. */
  readonly link: string | null;
}

export function PersonalInvitations({ session }: Props) {
  const { invite } = useTexts();
  const errorText = useErrorText();
  const list = useObservable(session.invitations.list);
  const { members } = useObservable(session.encryption);
  const inside = new Set(members.map(({ identity }) => identity));
  const [label, setLabel] = useState("");
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);

  const copyLink = async (name: string, find: () => Promise<string | null>) => {
    setTrouble(null);
    try {
      const path = await find();
      if (path === null) return;
      const link = location.origin + path;
      setOutcome({ label: name, link: (await copy(link)) ? null : link });
      setLabel("");
    } catch (error) {
      setTrouble(troubleOf(error));
    }
  };
  const issue = (event: FormEvent) => {
    event.preventDefault();
    const name = label.trim();
    if (name !== "") void copyLink(name, () => session.invitations.issue(name));
  };

  return (
    <section>
      <h3>{invite.personal}</h3>
      <p>{invite.personalText}</p>
      <form className={styles.form} onSubmit={issue}>
        <TextField label={invite.personalName} value={label} onChange={setLabel} maxLength={LONGEST_LABEL} />
        <Button
          type="submit"
          icon={<UserPlus size={20} aria-hidden />}
          isDisabled={label.trim() === "" || list.length >= MOST_INVITATIONS}
        >
          {invite.personalNew}
        </Button>
      </form>
      <p role="status">
        {outcome !== null && (outcome.link === null ? invite.personalCopied(outcome.label) : invite.copyFailed)}
      </p>
      {outcome?.link != null && (
        <TextField
          label={invite.personalLink(outcome.label)}
          value={outcome.link}
          isReadOnly
          onFocus={(event) => (event.target as HTMLInputElement).select()}
        />
      )}
      {trouble !== null && <ErrorNote {...errorText(trouble.code)} />}
      <ul className={styles.list}>
        {list.map((invitation) => (
          <li key={invitation.id} className={styles.row}>
            <span className={styles.who}>
              <bdi className={styles.name}>{invitation.label}</bdi>
              <span className={styles.standing}>{invite.standing[standing(invitation, inside)]}</span>
            </span>
            {!invitation.revoked && invitation.seat === null && (
              <Button
                kind="plain"
                aria-label={invite.personalAgain(invitation.label)}
                icon={<Copy size={20} aria-hidden />}
                onPress={() => void copyLink(invitation.label, () => session.invitations.link(invitation.id))}
              />
            )}
            {!invitation.revoked && (
              <RevokeInvitation
                session={session}
                invitation={invitation}
                isInside={invitation.seat !== null && inside.has(invitation.seat)}
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function standing({ seat, revoked }: Invitation, inside: ReadonlySet<string>) {
  const isInside = seat !== null && inside.has(seat);
  if (revoked) return isInside ? "revokedInside" : "revoked";
  if (isInside) return "inside";
  return seat === null ? "fresh" : "used";
}
