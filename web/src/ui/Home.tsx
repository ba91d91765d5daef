/** The first screen: opens a new meeting, or the door of one whose link was received. */

import { DoorOpen, Hand, LockKeyhole, MicOff, Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Place } from "../model/link";
import { guestLink, roomFromPasted, TEST_PATH } from "../model/link";
import { newRoom } from "../model/new-room";
import type { ErrorCode } from "../types/errors";
import { Failure } from "../types/room";
import { copyWhenKnown } from "./clipboard";
import { useErrorText, useHouse, useTexts } from "./context";
import { Doors } from "./Doors";
import styles from "./Home.module.css";
import { Button } from "./parts/Button";
import { ErrorNote } from "./parts/ErrorNote";
import { Masthead } from "./parts/Masthead";
import { TextField } from "./parts/TextField";

interface Props {
  readonly onGo: (place: Place, linkCopied: boolean) => void;
}

export function Home({ onGo }: Props) {
  const texts = useTexts();
  const { ports } = useHouse();
  const errorText = useErrorText();
  const [starting, setStarting] = useState(false);
  const [trouble, setTrouble] = useState<{ code: ErrorCode; seconds?: number } | null>(null);
  const [pasted, setPasted] = useState("");
  const [badLink, setBadLink] = useState(false);

  const start = async () => {
    setStarting(true);
    setTrouble(null);
    try {
      const made = newRoom(ports);
      // Begun within the click: browsers let nobody copy later.
      const copied = copyWhenKnown(made.then((place) => location.origin + guestLink(place)));
      onGo(await made, await copied);
    } catch (error) {
      setTrouble(error instanceof Failure ? error : { code: "internal" });
      setStarting(false);
    }
  };

  const open = (submit: FormEvent) => {
    submit.preventDefault();
    const place = roomFromPasted(pasted, location.origin);
    if (place === null) setBadLink(true);
    else onGo(place, false);
  };

  const { sealed, door, quiet, alone, title } = texts.home.promises;
  return (
    <div className={styles.page}>
      <Masthead onHome={() => undefined} />
      <main className={styles.main}>
        <section className={styles.welcome}>
          <h1>{texts.home.title}</h1>
          <p className={styles.lead}>{texts.home.lead}</p>
          <Button kind="primary" large icon={<Plus aria-hidden />} isDisabled={starting} onPress={start}>
            {texts.home.start}
          </Button>
          <p role="status" className={starting ? styles.status : "visually-hidden"}>
            {starting && texts.home.starting}
          </p>
          {trouble !== null && (
            <ErrorNote
              {...errorText(trouble.code, trouble.seconds === undefined ? {} : { seconds: trouble.seconds })}
            />
          )}
          <form className={styles.link} onSubmit={open}>
            <TextField
              label={texts.home.haveLink}
              aria-label={texts.home.link}
              placeholder={texts.home.link}
              value={pasted}
              onChange={(text) => {
                setPasted(text);
                setBadLink(false);
              }}
              error={badLink ? texts.home.badLink : null}
              autoComplete="off"
            />
            <Button type="submit" isDisabled={pasted.trim() === ""}>
              {texts.home.open}
            </Button>
          </form>
          <p>
            <a href={TEST_PATH}>{texts.test.linkHome}</a>
          </p>
        </section>
        <div className={styles.picture}>
          <Doors />
        </div>
        <section className={styles.promises} aria-labelledby="promises">
          <h2 id="promises" className="visually-hidden">
            {title}
          </h2>
          <ul>
            {[
              { ...sealed, icon: <LockKeyhole aria-hidden /> },
              { ...door, icon: <Hand aria-hidden /> },
              { ...quiet, icon: <MicOff aria-hidden /> },
              { ...alone, icon: <DoorOpen aria-hidden /> },
            ].map((promise) => (
              <li key={promise.title}>
                {promise.icon}
                <h3>{promise.title}</h3>
                <p>{promise.text}</p>
              </li>
            ))}
          </ul>
        </section>
      </main>
    </div>
  );
}
