/** A round control on a dark ground: microphone, camera and their like. Its name says what pressing it does. */

import type { ReactNode } from "react";
import { Button, Tooltip, TooltipTrigger } from "react-aria-components";
import styles from "./RoundButton.module.css";

interface Props {
  readonly label: string;
  readonly icon: ReactNode;
  readonly on?: boolean;
  readonly keys?: string | undefined;
  readonly danger?: boolean;
  readonly isExpanded?: boolean;
  /** Something is going on that this button ends. */
  readonly lit?: boolean;
  /** A number worth noticing, such as people at the door. */
  readonly count?: number;
  readonly isDisabled?: boolean;
  /** The name also stands below, where there is room for it. */
  readonly captioned?: boolean;
  readonly onPress?: () => void;
}

export function RoundButton({
  label,
  icon,
  on,
  keys,
  danger = false,
  isExpanded,
  lit = false,
  count = 0,
  isDisabled,
  captioned = false,
  onPress,
}: Props) {
  const state = danger ? styles.danger : on === false ? styles.off : isExpanded || lit ? styles.expanded : "";
  return (
    <TooltipTrigger delay={500}>
      <Button
        aria-label={label}
        aria-expanded={isExpanded}
        isDisabled={isDisabled ?? false}
        className={`${styles.round} ${state}`}
        {...(onPress === undefined ? {} : { onPress })}
      >
        <span className={styles.disc}>
          {icon}
          {count > 0 && (
            <span className={styles.count} aria-hidden="true">
              {count}
            </span>
          )}
        </span>
        {captioned && (
          <span className={styles.caption} aria-hidden="true">
            {label}
          </span>
        )}
      </Button>
      <Tooltip className={styles.tip ?? ""} offset={8}>
        {label}
        {keys !== undefined && <kbd>{keys}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  );
}
