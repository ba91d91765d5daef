/** The screen before the call: be seen by oneself, choose devices, give a name, go in. Opens nothing before a click. */

import { LogIn } from "lucide-react";
import { type FormEvent, useState } from "react";
import { TEST_PATH } from "../model/link";
import type { RoomSession, Trouble, Visit } from "../model/room-session";
import { useErrorText, useHouse, usePreferences, useTexts } from "./context";
import { DeviceChoices } from "./DeviceChoices";
import styles from "./PreJoin.module.css";
import { Preview } from "./Preview";
import { ProtectionLine } from "./ProtectionLine";
import { Button } from "./parts/Button";
import { ErrorNote } from "./parts/ErrorNote";
import { Masthead } from "./parts/Masthead";
import { TextField } from "./parts/TextField";
import { useTabTitle } from "./useTabTitle";

interface Props {
  readonly session: RoomSession;
  readonly visit: Visit;
  readonly joining: boolean;
  readonly trouble: Trouble | null;
  readonly linkCopied: boolean;
  /** The room is not end-to-end encrypted. */
  readonly isTransit: boolean;
  readonly onHome: () => void;
  /** The person is about to join: what the call needs may be loaded. */
  readonly onIntent: () => void;
}

export function PreJoin({ session, visit, joining, trouble, linkCopied, isTransit, onHome, onIntent }: Props) {
  const texts = useTexts();
  const { ports } = useHouse();
  const errorText = useErrorText();
  const preferences = usePreferences();
  const [name, setName] = useState(preferences.name);
  useTabTitle(texts.tab.preJoin);

  const join = (submit: FormEvent) => {
    submit.preventDefault();
    void session.join(name, usualName);
  };
  const usualName = visit.role === "host" ? texts.preJoin.namelessHost : texts.preJoin.namelessGuest;

  const whoAmI = { host: texts.preJoin.asHost, guest: texts.preJoin.asGuest, stranger: texts.preJoin.asStranger };
  return (
    <div className={styles.page}>
      <Masthead onHome={onHome} />
      <main className={styles.main}>
        <h1 className={styles.title}>{texts.preJoin.title}</h1>
        <div className={styles.preview}>
          <Preview desk={session.desk} name={name} />
        </div>
        <form className={styles.form} onSubmit={join} onFocus={onIntent} onPointerEnter={onIntent}>
          <div className={styles.who}>
            <p>{whoAmI[visit.role]}</p>
            {visit.people !== null && (
              <p>{visit.people === 0 ? texts.preJoin.nobody : texts.preJoin.people(visit.people)}</p>
            )}
            {visit.returning && <p>{texts.preJoin.returning}</p>}
            {linkCopied && <p className={styles.copied}>{texts.invite.copiedAlready}</p>}
          </div>
          <TextField
            label={texts.preJoin.name}
            help={texts.preJoin.nameHelp}
            value={name}
            onChange={setName}
            placeholder={usualName}
            maxLength={64}
            autoComplete="name"
          />
          {trouble !== null && (
            <ErrorNote
              {...errorText(trouble.code, trouble.seconds === undefined ? {} : { seconds: trouble.seconds })}
            />
          )}
          <Button kind="primary" large type="submit" icon={<LogIn aria-hidden />} isDisabled={joining}>
            {texts.preJoin.join}
          </Button>
          <p role="status" className={joining ? styles.joining : "visually-hidden"}>
            {joining && texts.preJoin.joining}
          </p>
          <ProtectionLine isTransit={isTransit} />
        </form>
        <section className={styles.devices} aria-label={texts.settings.devices}>
          <DeviceChoices desk={session.desk} canChooseSpeaker={ports.call.canChooseSpeaker} />
          <p className={styles.more}>
            <a href={TEST_PATH}>{texts.test.link}</a>
          </p>
        </section>
      </main>
    </div>
  );
}
