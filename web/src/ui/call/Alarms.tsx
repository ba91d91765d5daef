/** What went wrong with the encryption: what happened, what it means, what to do. One note for each kind of alarm. */

import { Ear, ShieldAlert } from "lucide-react";
import type { Alarm, AlarmKind, Member } from "../../model/encryption";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./Alarms.module.css";

interface Props {
  readonly alarms: readonly Alarm[];
  readonly members: readonly Member[];
  readonly onCompare: () => void;
  readonly onSeen: () => void;
}

/** What was only attempted is amber; what puts in doubt whom one talks to is red. */
const grave: ReadonlySet<AlarmKind> = new Set(["forked", "invalid_change", "lost_group", "stopped"]);

export function Alarms({ alarms, members, onCompare, onSeen }: Props) {
  const { security, safety } = useTexts();
  if (alarms.length === 0) return null;
  const kinds = [...new Set(alarms.map(({ kind }) => kind))].sort(
    (a, b) => Number(grave.has(b)) - Number(grave.has(a)),
  );
  const anyGrave = kinds.some((kind) => grave.has(kind));
  return (
    <div className={`${styles.alarms} ${anyGrave ? styles.grave : ""}`}>
      <div className={styles.notes}>
        {kinds.map((kind) => (
          <AlarmNote key={kind} kind={kind} names={namesOf(kind, alarms, members)} />
        ))}
      </div>
      <div className={styles.actions}>
        {kinds.includes("forked") && (
          <Button kind="primary" icon={<Ear aria-hidden />} onPress={onCompare}>
            {safety.compare}
          </Button>
        )}
        <Button onPress={onSeen}>{security.alarms.seen}</Button>
      </div>
    </div>
  );
}

function AlarmNote({ kind, names }: { readonly kind: AlarmKind; readonly names: readonly string[] }) {
  const { alarms } = useTexts().security;
  const { what, means, todo } = alarms.kinds[kind];
  return (
    <div role="alert" className={styles.note}>
      <ShieldAlert size={24} aria-hidden />
      <div>
        <p className={styles.what}>{what}</p>
        <p>
          {means} {names.length > 0 && alarms.about(names.join(", "))}
        </p>
        <p className={styles.todo}>{todo}</p>
      </div>
    </div>
  );
}

/** Only members have names: an unknown connection could call itself anything. */
function namesOf(kind: AlarmKind, alarms: readonly Alarm[], members: readonly Member[]): readonly string[] {
  const about = new Set(alarms.filter((alarm) => alarm.kind === kind).map(({ identity }) => identity));
  return members.filter(({ identity, name }) => about.has(identity) && name !== "").map(({ name }) => name);
}
