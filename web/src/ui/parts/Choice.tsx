/** One of several, from a list that opens: devices above all. */

import { Check, ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import styles from "./fields.module.css";

export interface Option {
  readonly id: string;
  readonly label: string;
}

interface Props {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly options: readonly Option[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  readonly isDisabled?: boolean;
}

export function Choice({ label, icon, options, chosen, onChoose, isDisabled = false }: Props) {
  return (
    <Select
      className={styles.field ?? ""}
      value={chosen}
      onChange={(key) => key !== null && onChoose(String(key))}
      isDisabled={isDisabled}
    >
      <Label className={styles.label ?? ""}>{label}</Label>
      <Button className={styles.choice ?? ""}>
        {icon}
        <SelectValue className={styles.value ?? ""} />
        <ChevronDown size={18} aria-hidden />
      </Button>
      <Popover className={styles.popover ?? ""}>
        <ListBox className={styles.list ?? ""} items={[...options]}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} className={styles.option ?? ""}>
              {({ isSelected }) => (
                <>
                  <span className={styles.tick}>{isSelected && <Check size={16} aria-hidden />}</span>
                  {option.label}
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
