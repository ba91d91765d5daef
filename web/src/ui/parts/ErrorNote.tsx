/** What went wrong and what to do next, where it went wrong. */

import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./ErrorNote.module.css";

interface Props {
  readonly message: string;
  readonly help: string;
  readonly children?: ReactNode;
}

export function ErrorNote({ message, help, children }: Props) {
  return (
    <div role="alert" className={styles.note}>
      <CircleAlert size={20} aria-hidden />
      <div>
        <p className={styles.message}>{message}</p>
        <p>{help}</p>
        {children !== undefined && <div className={styles.actions}>{children}</div>}
      </div>
    </div>
  );
}
