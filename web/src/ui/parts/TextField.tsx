/** One line of text with its label, a word of help and, when something is wrong, what. */

import { TextField as AriaTextField, FieldError, Input, Label, Text, type TextFieldProps } from "react-aria-components";
import styles from "./fields.module.css";

interface Props extends TextFieldProps {
  readonly label: string;
  readonly help?: string;
  readonly error?: string | null;
  readonly placeholder?: string;
}

export function TextField({ label, help, error, placeholder, ...rest }: Props) {
  return (
    <AriaTextField {...rest} isInvalid={error != null} className={styles.field ?? ""}>
      <Label className={styles.label ?? ""}>{label}</Label>
      <Input className={styles.input ?? ""} placeholder={placeholder} />
      {help !== undefined && (
        <Text slot="description" className={styles.help ?? ""}>
          {help}
        </Text>
      )}
      <FieldError className={styles.error ?? ""}>{error}</FieldError>
    </AriaTextField>
  );
}
