/** The catalogue of keyboard shortcuts: what feeds the handler also feeds the help page. Decides; listens to nothing. */

export type Command = "microphone" | "camera" | "screen" | "view" | "people" | "help" | "talk";

export interface Shortcut {
  readonly command: Command;
  /** As shown to a person, one entry a key. */
  readonly keys: readonly string[];
  /** Single characters can be switched off: people who dictate would fire them by speaking (WCAG 2.1.4). */
  readonly single: boolean;
  readonly matches: (press: KeyPress) => boolean;
}

/** What of a KeyboardEvent matters here. */
export interface KeyPress {
  readonly key: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly meta: boolean;
}

/** Where the focus is when a key goes down. */
export type Focus = "nowhere" | "control" | "text";

const bare = (key: string) => (press: KeyPress) =>
  press.key.toLowerCase() === key && !press.ctrl && !press.alt && !press.meta;
const withCtrl = (key: string) => (press: KeyPress) =>
  press.key.toLowerCase() === key && (press.ctrl || press.meta) && !press.alt;

export const shortcuts: readonly Shortcut[] = [
  { command: "microphone", keys: ["M"], single: true, matches: bare("m") },
  { command: "microphone", keys: ["Ctrl", "D"], single: false, matches: withCtrl("d") },
  { command: "camera", keys: ["V"], single: true, matches: bare("v") },
  { command: "camera", keys: ["Ctrl", "E"], single: false, matches: withCtrl("e") },
  { command: "talk", keys: ["␣"], single: true, matches: bare(" ") },
  { command: "screen", keys: ["D"], single: true, matches: bare("d") },
  { command: "view", keys: ["W"], single: true, matches: bare("w") },
  { command: "people", keys: ["P"], single: true, matches: bare("p") },
  { command: "help", keys: ["?"], single: true, matches: bare("?") },
];

/** What a key press asks for, or null. Text fields keep every key; Space belongs to whatever control has the focus. */
export function commandFor(press: KeyPress, focus: Focus, singleKeys: boolean): Command | null {
  if (focus === "text") return null;
  const found = shortcuts.find((shortcut) => shortcut.matches(press));
  if (found === undefined) return null;
  if (found.single && !singleKeys) return null;
  if (found.command === "talk" && focus !== "nowhere") return null;
  return found.command;
}
