/** The state of the encryption in words, for screen readers and for whoever checks a call from outside: padlock, epoch, safety code. */

import type { EncryptionState } from "../../model/encryption";
import { useTexts } from "../context";

export function SealSummary({ encryption }: { readonly encryption: EncryptionState }) {
  const { seal } = useTexts();
  const { padlock, epoch, code, members, blocked } = encryption;
  if (padlock === "transit") return null;
  return (
    <section className="visually-hidden" aria-label={seal.title}>
      <dl>
        <dt>{seal.padlock}</dt>
        <dd>{seal.states[padlock].short}</dd>
        <dt>{seal.epoch}</dt>
        <dd>{epoch ?? seal.none}</dd>
        <dt>{seal.code}</dt>
        <dd>{code === null ? seal.none : code.symbols.map((symbol) => seal.symbols[symbol]).join(", ")}</dd>
        <dt>{seal.digits}</dt>
        <dd>{code === null ? seal.none : code.digits.join(" ")}</dd>
        <dt>{seal.members}</dt>
        <dd>{members.length}</dd>
        <dt>{seal.blocked}</dt>
        <dd>{blocked.length}</dd>
      </dl>
    </section>
  );
}
