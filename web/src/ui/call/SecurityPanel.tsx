/** How the call is sealed, in plain words: the state, the safety code, the members, what the server sees, one's own packets. */

import type { EncryptionState } from "../../model/encryption";
import type { LiveCall } from "../../model/ports";
import { useTexts } from "../context";
import { CipherWindow } from "./CipherWindow";
import { MemberList } from "./MemberList";
import { PadlockIcon } from "./PadlockIcon";
import { Panel } from "./Panel";
import { type Comparison, SafetyCodeSection } from "./SafetyCodeSection";
import styles from "./SecurityPanel.module.css";
import { ServerSees } from "./ServerSees";

interface Props {
  readonly encryption: EncryptionState;
  readonly lastSealed: LiveCall["lastSealed"];
  readonly comparison: Comparison | null;
  readonly onComparison: (comparison: Comparison) => void;
  readonly onClose: () => void;
}

export function SecurityPanel({ encryption, lastSealed, comparison, onComparison, onClose }: Props) {
  const { security } = useTexts();
  const { padlock, epoch, code, members, blocked } = encryption;
  const isTransit = padlock === "transit";
  return (
    <Panel title={security.title} onClose={onClose}>
      <section className={`${styles.state} ${styles[padlock]}`}>
        <p className={styles.word}>
          <PadlockIcon padlock={padlock} size={24} />
          <strong>{security.short[padlock]}</strong>
        </p>
        <p>{security.long[padlock]}</p>
        {epoch !== null && (
          <p className={styles.epoch}>
            <strong>{security.epoch(epoch)}</strong> · {security.epochHelp}
          </p>
        )}
      </section>
      {epoch !== null && (
        <>
          <SafetyCodeSection code={code} comparison={comparison} onComparison={onComparison} />
          <MemberList members={members} blocked={blocked} />
        </>
      )}
      <ServerSees isTransit={isTransit} />
      {!isTransit && <CipherWindow lastSealed={lastSealed} />}
    </Panel>
  );
}
