/** A call as the group's members may see it: who is no member has no tile, no voice and no name here. Pure. */

import type { CallState } from "./call";
import type { EncryptionState } from "./encryption";

/**
 * `call` without the people `encryption` calls blocked, everybody else under the name that only members can read. A room in
 * transit is shown as it is.
 */
export function sealedView(call: CallState, encryption: EncryptionState): CallState {
  if (encryption.padlock === "transit") return call;
  const blocked = new Set(encryption.blocked);
  const names = new Map(encryption.members.map((member) => [member.identity, member.name]));
  const people = call.people
    .filter((person) => !blocked.has(person.id))
    .map((person) => ({ ...person, name: names.get(person.id) ?? person.name }));
  return {
    ...call,
    people,
    speaking: new Set([...call.speaking].filter((id) => !blocked.has(id))),
    speaker: call.speaker !== null && blocked.has(call.speaker) ? null : call.speaker,
    sharing: call.sharing.filter((id) => !blocked.has(id)),
  };
}
