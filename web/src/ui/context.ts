/** What every component may reach for: the ports, the preferences, and the words of the chosen language. */

import { createContext, useContext, useSyncExternalStore } from "react";
import { dictionaries, errorText, type Texts } from "../i18n/words";
import type { Observable } from "../model/observable";
import type { Ports } from "../model/ports";
import type { PreferenceBook, Preferences } from "../model/preferences";
import type { ErrorCode, ErrorText } from "../types/errors";

export interface House {
  readonly ports: Ports;
  readonly book: PreferenceBook;
}

export const HouseContext = createContext<House | null>(null);

export function useHouse(): House {
  const house = useContext(HouseContext);
  if (house === null) throw new Error("no HouseContext around this component");
  return house;
}

export function useObservable<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.watch, observable.get);
}

export function usePreferences(): Preferences {
  return useObservable(useHouse().book);
}

export function useTexts(): Texts {
  return dictionaries[usePreferences().language];
}

/** Words for an error; see `errorText`. */
export function useErrorText(): (code: ErrorCode, filling?: Readonly<Record<string, string | number>>) => ErrorText {
  const { language } = usePreferences();
  return (code, filling) => errorText(code, language, filling);
}
