/** Says aloud what has changed, for screen readers, and shows it for a moment where it cannot be seen otherwise. */

import { useEffect, useRef, useState } from "react";
import type { Texts } from "../../i18n/words";
import type { CallState, Notice } from "../../model/call";
import { browserFamily } from "../../model/device-problem";
import type { View } from "../../model/stage";
import type { Caller } from "../../types/room";
import { useErrorText, useTexts } from "../context";
import { ErrorNote } from "../parts/ErrorNote";
import styles from "./Announcer.module.css";

interface Props {
  readonly state: CallState;
  readonly view: View;
  readonly knocks: readonly Caller[];
}

const SHOWN_MS = 4_000;
const PROBLEM_SHOWN_MS = 12_000;

export function Announcer({ state, view, knocks }: Props) {
  const texts = useTexts();
  const { notice } = state;
  const [said, setSaid] = useState("");
  const [shown, setShown] = useState<Notice | null>(null);

  useEffect(() => {
    if (notice === null) return;
    setSaid(words(notice, texts));
    setShown(notice);
    const timer = setTimeout(() => setShown(null), notice.what.kind === "problem" ? PROBLEM_SHOWN_MS : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, texts]);

  const newest = knocks[knocks.length - 1];
  const newestId = newest?.id;
  const newestName = newest?.name ?? texts.people.unverified;
  useEffect(() => {
    if (newestId !== undefined) setSaid(texts.said.knock(newestName));
  }, [newestId, newestName, texts]);

  const began = useRef(false);
  useEffect(() => {
    if (began.current) setSaid(view === "grid" ? texts.said.gridView : texts.said.speakerView);
    began.current = true;
  }, [view, texts]);

  return (
    <>
      <p role="status" className="visually-hidden">
        {said}
      </p>
      {shown !== null && <Shown notice={shown} />}
    </>
  );
}

function Shown({ notice }: { readonly notice: Notice }) {
  const texts = useTexts();
  const errorText = useErrorText();
  const { what } = notice;
  // The buttons show these two.
  if (what.kind === "microphone" || what.kind === "camera") return null;
  if (what.kind !== "problem") {
    return (
      <p className={styles.notice} aria-hidden="true">
        {words(notice, texts)}
      </p>
    );
  }
  const filling = { icon: texts.preJoin.permissionIcon[browserFamily(navigator.userAgent)], name: what.device ?? "" };
  return (
    <div className={styles.problem}>
      <ErrorNote {...errorText(what.code, filling)} />
    </div>
  );
}

function words({ what }: Notice, { said }: Texts): string {
  switch (what.kind) {
    case "came":
      return said.came(what.name);
    case "went":
      return said.went(what.name);
    case "shares":
      return said.shares(what.name);
    case "stopped-sharing":
      return said.stoppedSharing(what.name);
    case "microphone":
      return what.on ? said.microphoneOn : said.microphoneOff;
    case "camera":
      return what.on ? said.cameraOn : said.cameraOff;
    case "back":
      return said.back;
    case "problem":
      // Its note is an alert and speaks for itself.
      return "";
  }
}
