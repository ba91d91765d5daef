/** A setting that is on or off, with a sentence on what that means. */

import { useId } from "react";
import { Switch } from "react-aria-components";
import styles from "./fields.module.css";

interface Props {
  readonly label: string;
  readonly help: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
}

export function Toggle({ label, help, on, onChange }: Props) {
  const helpId = useId();
  return (
    <div className={styles.field}>
      <Switch isSelected={on} onChange={onChange} aria-describedby={helpId} className={styles.switch ?? ""}>
        <span className={styles.rail} aria-hidden="true" />
        {label}
      </Switch>
      <p id={helpId} className={styles.help}>
        {help}
      </p>
    </div>
  );
}
