/** The frame of every side panel: a heading that takes the focus, a way to close, Escape. */

import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./Panel.module.css";

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Panel({ title, onClose, children }: Props) {
  const texts = useTexts();
  const titleId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    // Back to where one was, unless that has gone or one has moved on.
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside
      className={styles.panel}
      aria-labelledby={titleId}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <div className={styles.head}>
        <h2 id={titleId} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <Button kind="plain" aria-label={texts.close} icon={<X aria-hidden />} onPress={onClose} />
      </div>
      <div className={styles.body}>{children}</div>
    </aside>
  );
}
