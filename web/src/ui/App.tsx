/** Chooses the screen for the address: home, a room, or nowhere. */

import { useEffect, useState } from "react";
import type { Place } from "../model/link";
import { forgetClaim, goTo, placeNow, showCall } from "./address-bar";
import { useErrorText, usePreferences, useTexts } from "./context";
import { Home } from "./Home";
import { Threshold } from "./parts/Threshold";
import { RoomPage } from "./RoomPage";
import { TestPage } from "./TestPage";

interface Visit {
  readonly place: Place;
  /** Grows with each visit, so that coming back begins afresh. */
  readonly number: number;
  readonly linkCopied: boolean;
}

export function App() {
  const texts = useTexts();
  const errorText = useErrorText();
  const { language, theme } = usePreferences();
  const [visit, setVisit] = useState<Visit>(() => ({ place: placeNow(), number: 0, linkCopied: false }));

  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    const follow = () => setVisit((last) => ({ place: placeNow(), number: last.number + 1, linkCopied: false }));
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);

  const go = (place: Place, linkCopied = false) => {
    goTo(place);
    setVisit((last) => ({ place, number: last.number + 1, linkCopied }));
    scrollTo(0, 0);
  };
  const home = () => go({ at: "home" });

  const { place, number, linkCopied } = visit;
  if (place.at === "home") return <Home onGo={go} />;
  if (place.at === "test") return <TestPage key={number} onHome={home} />;
  if (place.at === "nowhere") {
    const { message, help } = errorText("not_found");
    return <Threshold tab={texts.tab.home} title={message} text={help} onHome={home} />;
  }
  if (place.at === "no-call") {
    const { title, text } = texts.noCall;
    return <Threshold tab={texts.tab.home} title={title} text={text} onHome={home} />;
  }
  if (place.at === "incomplete") {
    const { message, help } = errorText("link_incomplete");
    return <Threshold tab={texts.tab.home} title={message} text={help} onHome={home} />;
  }
  return (
    <RoomPage
      key={number}
      place={place}
      linkCopied={linkCopied}
      onLink={forgetClaim}
      onCall={() => showCall(place)}
      onHome={home}
      // Not the place one came to: its link may have changed since.
      onAgain={() => setVisit({ place: placeNow(), number: number + 1, linkCopied: false })}
    />
  );
}
