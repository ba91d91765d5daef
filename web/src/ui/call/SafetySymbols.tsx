/** A safety code as ten pictures, each over its name, and the same as digits. */

import type { SafetyCode } from "../../model/encryption";
import { safetySymbols } from "../../model/safety-symbols";
import { useTexts } from "../context";
import styles from "./SafetySymbols.module.css";

export function SafetySymbols({ code, large = false }: { readonly code: SafetyCode; readonly large?: boolean }) {
  const { safety } = useTexts();
  return (
    <div className={`${styles.code} ${large ? styles.large : ""}`}>
      <ol className={styles.symbols} aria-label={safety.title}>
        {code.symbols.map((symbol, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a symbol can come twice, its place cannot
          <li key={place}>
            <span className={styles.symbol} aria-hidden="true">
              {safetySymbols[symbol]}
            </span>
            <span className={styles.name}>{safety.symbols[symbol]}</span>
          </li>
        ))}
      </ol>
      <p className={styles.digits}>
        <span className="visually-hidden">{safety.digits} </span>
        {code.digits.join(" ")}
      </p>
    </div>
  );
}
