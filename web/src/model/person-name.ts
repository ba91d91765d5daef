/** Makes a person's name fit to be shown: what it may contain, how it is shortened. The server checks names again. */

export const NAME_LIMIT = 64;

// Control, bidirectional and zero-width characters let one name pass for another, or for a notice of the system.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu;

/** The name as it is sent and shown: invisible characters gone, spaces single, at most 64 characters. */
export function tidyName(typed: string): string {
  const visible = typed
    .normalize("NFC")
    .replace(/[\s\u00a0]+/gu, " ")
    .replace(INVISIBLE, "")
    .trim();
  return [...visible].slice(0, NAME_LIMIT).join("").trim();
}

/** One or two letters that stand for a person whose camera is off. */
export function initials(name: string): string {
  const words = tidyName(name)
    .split(/[\s\-_'’.]+/u)
    .filter((word) => word !== "");
  const first = words[0];
  if (first === undefined) return "?";
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return `${[...first][0] ?? ""}${last === undefined ? "" : ([...last][0] ?? "")}`.toUpperCase();
}

/** A number from 0 to `shades` - 1 that stays the same for the same person, so that a tile keeps its colour. */
export function shadeOf(identity: string, shades: number): number {
  let sum = 0;
  for (const character of identity) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65521;
  return sum % shades;
}
