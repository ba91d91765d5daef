/** The safety code in the panel: what it is, how to compare it, and whether that has been done for this epoch. */

import { CircleCheck, Ear } from "lucide-react";
import { useState } from "react";
import type { SafetyCode } from "../../model/encryption";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import { CompareDialog } from "./CompareDialog";
import { SafetySymbols } from "./SafetySymbols";
import styles from "./SecurityPanel.module.css";

/** What came of the last comparison, and of which code. */
export interface Comparison {
  readonly digits: string;
  readonly same: boolean;
}

interface Props {
  readonly code: SafetyCode | null;
  readonly comparison: Comparison | null;
  readonly onComparison: (comparison: Comparison) => void;
}

export function SafetyCodeSection({ code, comparison, onComparison }: Props) {
  const { safety } = useTexts();
  const [comparing, setComparing] = useState(false);
  const digits = code?.digits.join(" ") ?? "";
  const current = comparison?.digits === digits;
  return (
    <section>
      <h3>{safety.title}</h3>
      {code === null ? <p className={styles.soft}>{safety.none}</p> : <SafetySymbols code={code} />}
      <p>{safety.how}</p>
      <div role="status" className={styles.soft}>
        <p>{safety.changes}</p>
        {code !== null && comparison?.same && (
          <p className={current ? styles.good : ""}>
            {current && <CircleCheck size={20} aria-hidden />}
            {current ? safety.compared : safety.outdated}
          </p>
        )}
      </div>
      {current && !comparison?.same && (
        <div role="alert" className={styles.grave}>
          <p>
            <strong>{safety.different.what}</strong>
          </p>
          <p>{safety.different.todo}</p>
        </div>
      )}
      <Button
        kind={current && comparison?.same ? "quiet" : "primary"}
        icon={<Ear aria-hidden />}
        isDisabled={code === null}
        onPress={() => setComparing(true)}
      >
        {safety.compare}
      </Button>
      {comparing && code !== null && (
        <CompareDialog
          code={code}
          onClose={() => setComparing(false)}
          onAnswer={(same) => {
            setComparing(false);
            onComparison({ digits, same });
          }}
        />
      )}
    </section>
  );
}
