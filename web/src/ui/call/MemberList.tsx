/** Who holds the keys, who vouches for them and whether what they send can be opened; and who is there without keys. */

import { Hourglass, LockKeyhole, ShieldAlert, ShieldBan } from "lucide-react";
import type { EncryptionState, Member } from "../../model/encryption";
import { initials, shadeOf } from "../../model/person-name";
import { useTexts } from "../context";
import people from "./PeoplePanel.module.css";
import styles from "./SecurityPanel.module.css";

interface Props {
  readonly members: readonly Member[];
  readonly blocked: readonly string[];
}

export function MemberList({ members, blocked }: Props) {
  const texts = useTexts();
  const { security } = texts;
  return (
    <section>
      <h3>
        {security.members.title} ({members.length})
      </h3>
      <ul className={people.list}>
        {members.map((member) => (
          <MemberRow key={member.identity} member={member} />
        ))}
      </ul>
      {blocked.length > 0 && <BlockedList blocked={blocked} />}
    </section>
  );
}

function MemberRow({ member }: { readonly member: Member }) {
  const texts = useTexts();
  const { members } = texts.security;
  const name = member.name === "" ? texts.people.unnamed : member.name;
  const said = [members[member.badge]];
  // One's own media is sealed on the way out; there is nothing of it to open here.
  if (!member.isSelf) said.push(members.media[member.media]);
  if (!member.heard) said.push(members.unheard);
  return (
    <li className={people.person}>
      <span className={`${people.badge} ${people[`shade${shadeOf(member.identity, 5)}`]}`} aria-hidden="true">
        {initials(name)}
      </span>
      <span className={people.name}>
        <bdi>{name}</bdi>
        {member.isSelf && ` (${texts.call.you})`}
        <span className={`${people.role} ${member.media === "failing" ? styles.failing : ""}`}>{said.join(" · ")}</span>
      </span>
      {member.media === "sealed" && <LockKeyhole size={20} aria-hidden />}
      {member.media === "waiting" && <Hourglass size={20} aria-hidden />}
      {member.media === "failing" && <ShieldAlert size={20} className={styles.failing} aria-hidden />}
    </li>
  );
}

/** Connected without keys: shown as a fact in red, never with a name they could have chosen. */
export function BlockedList({ blocked }: { readonly blocked: EncryptionState["blocked"] }) {
  const { security } = useTexts();
  return (
    <div className={styles.blocked}>
      <ul>
        {blocked.map((identity) => (
          <li key={identity} className={people.person}>
            <ShieldBan aria-hidden />
            <span className={people.name}>
              <strong>{security.members.blocked}</strong>
              <code className={styles.identity}>{identity}</code>
            </span>
          </li>
        ))}
      </ul>
      <p>{security.members.blockedHelp}</p>
    </div>
  );
}
