/** The state of the encryption for whoever cannot see the chip, and for comparing two screens without opening anything. */

import type { EncryptionState } from "../../model/encryption";
import { useTexts } from "../context";

export function SecuritySummary({ encryption }: { readonly encryption: EncryptionState }) {
  const { security, safety } = useTexts();
  const { padlock, epoch, code } = encryption;
  return (
    <section aria-label={security.summary.label} className="visually-hidden">
      <p role="status">{security.short[padlock]}</p>
      {epoch !== null && <p>{security.epoch(epoch)}</p>}
      {epoch !== null && code === null && <p>{security.summary.noCode}</p>}
      {code !== null && (
        <dl>
          <dt>{safety.title}</dt>
          <dd>{code.symbols.map((symbol) => safety.symbols[symbol]).join(", ")}</dd>
          <dt>{safety.digits}</dt>
          <dd>{code.digits.join(" ")}</dd>
        </dl>
      )}
    </section>
  );
}
