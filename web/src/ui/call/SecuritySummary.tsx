/** The state of the encryption in words: for screen readers, and for comparing two screens without opening anything. */

import type { EncryptionState } from "../../model/encryption";
import { useTexts } from "../context";

export function SecuritySummary({ encryption }: { readonly encryption: EncryptionState }) {
  const { security, safety } = useTexts();
  const { summary } = security;
  const { padlock, epoch, code, members, blocked } = encryption;
  const facts: readonly (readonly [string, string])[] = [
    [summary.epoch, epoch === null ? summary.none : String(epoch)],
    [summary.code, code?.symbols.map((symbol) => safety.symbols[symbol]).join(", ") ?? summary.none],
    [summary.digits, code?.digits.join(" ") ?? summary.none],
    [summary.members, String(members.length)],
    [summary.blocked, String(blocked.length)],
  ];
  // A room in transit has its sentence on the screen all the time.
  if (padlock === "transit") return null;
  return (
    <section aria-label={summary.label} className="visually-hidden">
      <dl>
        <div>
          <dt>{summary.padlock}</dt>
          <dd>
            <span role="status">{security.short[padlock]}</span>
          </dd>
        </div>
        {facts.map(([name, fact]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
