/** Who is at the door and who is in the room. */

import { Mic, MicOff, Video, VideoOff } from "lucide-react";
import type { CallState } from "../../model/call";
import type { EncryptionState } from "../../model/encryption";
import { initials, shadeOf } from "../../model/person-name";
import type { RoomSession, Trouble } from "../../model/room-session";
import type { Caller } from "../../types/room";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import { KnockList } from "./KnockList";
import { BlockedList } from "./MemberList";
import { Panel } from "./Panel";
import styles from "./PeoplePanel.module.css";
import { RemovePerson } from "./RemovePerson";

interface Props {
  readonly session: RoomSession;
  readonly knocks: readonly Caller[];
  readonly trouble: Trouble | null;
  readonly state: CallState;
  readonly encryption: EncryptionState;
  readonly isHost: boolean;
  readonly onClose: () => void;
}

export function PeoplePanel({ session, knocks, trouble, state, encryption, isHost, onClose }: Props) {
  const texts = useTexts();
  const { members, blocked } = encryption;
  const hosts = new Set(members.filter(({ badge }) => badge === "host").map(({ identity }) => identity));
  return (
    <Panel title={texts.people.title} onClose={onClose}>
      {knocks.length > 0 && (
        <section>
          <h3>{texts.people.waitingRoom}</h3>
          <KnockList session={session} knocks={knocks} trouble={trouble} />
          {knocks.length > 1 && (
            <Button kind="primary" onPress={() => void session.admitAll()}>
              {texts.people.admitAll}
            </Button>
          )}
        </section>
      )}
      <section>
        <h3>
          {texts.people.inside} ({state.people.length})
        </h3>
        <ul className={styles.list}>
          {state.people.map((person) => (
            <li key={person.id} className={styles.person}>
              <span className={`${styles.badge} ${styles[`shade${shadeOf(person.id, 5)}`]}`} aria-hidden="true">
                {initials(person.name)}
              </span>
              <span className={styles.name}>
                <bdi>{person.name === "" ? texts.people.unnamed : person.name}</bdi>
                {person.isSelf && ` (${texts.call.you})`}
                {(hosts.has(person.id) || (person.isSelf && isHost)) && (
                  <span className={styles.role}>{texts.people.host}</span>
                )}
              </span>
              {person.microphone === "on" ? (
                <Mic size={20} aria-hidden />
              ) : (
                <MicOff size={20} role="img" aria-label={texts.call.isMuted} aria-hidden={false} />
              )}
              {person.camera === "on" ? <Video size={20} aria-hidden /> : <VideoOff size={20} aria-hidden />}
              {isHost && !person.isSelf && !hosts.has(person.id) && (
                <RemovePerson
                  session={session}
                  identity={person.id}
                  name={person.name || texts.people.unnamed}
                  sealed={encryption.padlock !== "transit"}
                />
              )}
            </li>
          ))}
        </ul>
        {blocked.length > 0 && <BlockedList blocked={blocked} />}
      </section>
    </Panel>
  );
}
