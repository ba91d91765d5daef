/** The buttons of the house: a filled one for the one thing to do, quiet ones for the rest, a red one to leave. */

import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps } from "react-aria-components";
import styles from "./Button.module.css";

interface Props extends ButtonProps {
  readonly kind?: "primary" | "quiet" | "plain" | "danger";
  readonly large?: boolean;
  readonly icon?: ReactNode;
  readonly children?: ReactNode;
}

export function Button({ kind = "quiet", large = false, icon, children, ...rest }: Props) {
  return (
    <AriaButton {...rest} className={`${styles.button} ${styles[kind]} ${large ? styles.large : ""}`}>
      {icon}
      {children}
    </AriaButton>
  );
}
