/** What this browser remembers of its person between visits: name, devices, wishes, looks. Reads defensively; stores nothing itself. */

import { Cell, type Observable } from "./observable";
import { tidyName } from "./person-name";
import type { DeviceKind, KeepsakePort } from "./ports";

export type Language = "fr" | "en";
export type Theme = "system" | "light" | "dark";

export interface Preferences {
  readonly name: string;
  readonly language: Language;
  readonly theme: Theme;
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly devices: Readonly<Record<DeviceKind, string | null>>;
  readonly singleKeys: boolean;
  readonly warnWhenMuted: boolean;
}

const KEY = "huisclos.preferences";

export interface PreferenceBook extends Observable<Preferences> {
  change(part: Partial<Preferences>): void;
}

/** The preferences kept in `keepsakes`; each change is written back. `spoken` are the browser's languages, best first. */
export function openPreferences(keepsakes: KeepsakePort, spoken: readonly string[]): PreferenceBook {
  const cell = new Cell(readPreferences(keepsakes.read(KEY), spoken));
  return {
    get: cell.get,
    watch: cell.watch,
    change(part) {
      cell.set({ ...cell.get(), ...part });
      keepsakes.write(KEY, JSON.stringify(cell.get()));
    },
  };
}

/** The first of French and English among `spoken`. English serves everybody else. */
export function languageOf(spoken: readonly string[]): Language {
  for (const tag of spoken) {
    const language = tag.toLowerCase().split("-")[0];
    if (language === "fr" || language === "en") return language;
  }
  return "en";
}

/** Takes from `stored` whatever is of the right kind; the rest begins afresh. */
export function readPreferences(stored: string | null, spoken: readonly string[]): Preferences {
  const kept = asRecord(parse(stored));
  const devices = asRecord(kept.devices);
  const flag = (key: string, otherwise: boolean) => {
    const value = kept[key];
    return typeof value === "boolean" ? value : otherwise;
  };
  const device = (kind: DeviceKind) => {
    const value = devices[kind];
    return typeof value === "string" && value !== "" ? value : null;
  };
  const { name, language, theme } = kept;
  return {
    name: typeof name === "string" ? tidyName(name) : "",
    language: language === "fr" || language === "en" ? language : languageOf(spoken),
    theme: theme === "light" || theme === "dark" ? theme : "system",
    microphone: flag("microphone", true),
    camera: flag("camera", true),
    devices: { microphone: device("microphone"), camera: device("camera"), speaker: device("speaker") },
    singleKeys: flag("singleKeys", true),
    warnWhenMuted: flag("warnWhenMuted", false),
  };
}

function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
