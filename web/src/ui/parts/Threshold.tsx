/** A screen with one thing to say and at most two things to do: waiting, turned away, ended, nowhere. */

import { type ReactNode, useEffect, useRef } from "react";
import { useTexts } from "../context";
import { useTabTitle } from "../useTabTitle";
import { Button } from "./Button";
import { Masthead } from "./Masthead";
import styles from "./Threshold.module.css";

interface Props {
  readonly tab: string;
  readonly title: string;
  readonly text?: string;
  readonly help?: string;
  readonly busy?: boolean;
  /** Something is wrong, and safety comes first. */
  readonly grave?: boolean;
  readonly onHome: () => void;
  /** Below the actions: what holds, whatever one does. */
  readonly foot?: ReactNode;
  /** What can be done; the way home when nothing else. */
  readonly children?: ReactNode;
}

export function Threshold({ tab, title, text, help, busy = false, grave = false, onHome, foot, children }: Props) {
  const texts = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  useTabTitle(tab);
  // The screen changed under the person: a screen reader should begin with what it says now.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new title is a new screen
  useEffect(() => heading.current?.focus(), [title]);
  return (
    <div className={styles.page}>
      <Masthead onHome={onHome} />
      <main className={styles.main}>
        <div className={`${styles.leaf} ${grave ? styles.grave : ""}`}>
          <span className={`${styles.keyhole} ${busy ? styles.busy : ""}`} aria-hidden="true">
            <svg viewBox="0 0 24 32" width="36" height="48" aria-hidden="true">
              <path d="M12 2a8 8 0 0 1 4.4 14.7L19 30H5l2.6-13.3A8 8 0 0 1 12 2z" fill="currentColor" />
            </svg>
          </span>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {text !== undefined && <p className={styles.text}>{text}</p>}
          {help !== undefined && <p className={styles.help}>{help}</p>}
          <div className={styles.actions}>
            {children ?? (
              <Button kind="primary" onPress={onHome}>
                {texts.backHome}
              </Button>
            )}
          </div>
          {foot}
        </div>
      </main>
    </div>
  );
}
