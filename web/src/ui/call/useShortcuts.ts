/** Listens to the keyboard for the model's shortcuts; what a key means is decided there. */

import { useEffect, useRef } from "react";
import { type Command, commandFor, type Focus } from "../../model/shortcuts";

interface Wiring {
  readonly singleKeys: boolean;
  /** Space opens the microphone only where it is muted. */
  readonly mayTalk: boolean;
  readonly onCommand: (command: Command) => void;
  readonly onTalk: (on: boolean) => void;
}

function focusOf(active: Element | null): Focus {
  if (active === null || active === document.body || active.matches("main")) return "nowhere";
  // A list finds its entries by the letters typed, so those are its own as well.
  if (active.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]"))
    return "text";
  return active.closest("[role=listbox], [role=menu]") === null ? "control" : "text";
}

export function useShortcuts(wiring: Wiring): void {
  // The listeners stay; what they call is always the latest.
  const latest = useRef(wiring);
  latest.current = wiring;
  useEffect(() => {
    let talking = false;
    const down = (event: KeyboardEvent) => {
      if (event.isComposing) return;
      const press = { key: event.key, ctrl: event.ctrlKey, alt: event.altKey, meta: event.metaKey };
      const command = commandFor(press, focusOf(document.activeElement), latest.current.singleKeys);
      if (command === null) return;
      event.preventDefault();
      if (event.repeat) return;
      if (command !== "talk") return latest.current.onCommand(command);
      if (!latest.current.mayTalk) return;
      talking = true;
      latest.current.onTalk(true);
    };
    const stop = () => {
      if (!talking) return;
      talking = false;
      latest.current.onTalk(false);
    };
    const up = (event: KeyboardEvent) => {
      if (event.key === " ") stop();
    };
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    // A key let go over another window is never reported: nobody must stay audible for that.
    addEventListener("blur", stop);
    return () => {
      removeEventListener("keydown", down);
      removeEventListener("keyup", up);
      removeEventListener("blur", stop);
    };
  }, []);
}
