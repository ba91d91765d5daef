/** One visit to a room: shows the screen for where the visitor stands. The visit itself is the model's. */

import { lazy, Suspense, useEffect, useState } from "react";
import type { RoomPlace } from "../model/link";
import { RoomSession } from "../model/room-session";
import type { ErrorCode } from "../types/errors";
import { BrokenCall } from "./call/BrokenCall";
import { useErrorText, useHouse, useObservable, useTexts } from "./context";
import { PreJoin } from "./PreJoin";
import { ProtectionLine } from "./ProtectionLine";
import { Button } from "./parts/Button";
import { Threshold } from "./parts/Threshold";

// The call's screens and the media library come only when somebody goes in.
const loadCallView = () => import("./call/CallView").catch(() => ({ default: NotLoaded }));
const CallView = lazy(loadCallView);

/** In place of the call when its screens could not be fetched, for example because the server has just been renewed. */
function NotLoaded() {
  const texts = useTexts();
  const { message, help } = useErrorText()("server_unreachable");
  const reload = () => location.reload();
  return (
    <Threshold tab={texts.tab.ended} title={message} text={help} onHome={() => location.assign("/")}>
      <Button kind="primary" onPress={reload}>
        {texts.retry}
      </Button>
    </Threshold>
  );
}

/** What another try of the same link cannot mend. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set([
  "room_unknown",
  "browser_unsupported",
  "encryption_unsupported",
  "link_incomplete",
  "link_mismatch",
  "downgrade_refused",
  "policy_outdated",
  "link_outdated",
]);

interface Props {
  readonly place: RoomPlace;
  readonly linkCopied: boolean;
  /** What to come back by from now on: the claim has done its work or never will, or a host has changed the link. */
  readonly onLink: (place: RoomPlace) => void;
  /** The call has begun: from now on the screen may be seen by others. */
  readonly onCall: () => void;
  readonly onHome: () => void;
  readonly onAgain: () => void;
}

export function RoomPage({ place, linkCopied, onLink, onCall, onHome, onAgain }: Props) {
  const { ports, book } = useHouse();
  const texts = useTexts();
  const errorText = useErrorText();
  const [session] = useState(() => new RoomSession(place, ports, book));
  const visit = useObservable(session.visit);
  const { claim } = place;
  const { stand } = visit;
  const encryption = useObservable(session.encryption);
  const isTransit = encryption.padlock === "transit";

  useEffect(() => {
    void session.look(claim);
    return () => session.close();
  }, [session, claim]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the callback does depends on nothing that changes
  useEffect(() => session.link.watch(() => onLink(session.link.get())), [session]);
  const looked = stand.at !== "looking" && stand.at !== "nowhere";
  const inCall = stand.at === "call";
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the callbacks do depends on nothing that changes
  useEffect(() => {
    if (inCall) onCall();
    else if (looked) onLink(session.link.get());
  }, [looked, inCall]);

  const homeButton = <Button onPress={onHome}>{texts.backHome}</Button>;
  switch (stand.at) {
    case "looking":
      return <Threshold tab={texts.tab.preJoin} title={texts.preJoin.looking} busy onHome={onHome} />;
    case "nowhere": {
      const { message, help } = errorText(
        stand.trouble.code,
        stand.trouble.seconds === undefined ? {} : { seconds: stand.trouble.seconds },
      );
      const hopeless = HOPELESS.has(stand.trouble.code);
      return (
        <Threshold tab={texts.tab.home} title={message} text={help} onHome={onHome}>
          {!hopeless && (
            <Button kind="primary" onPress={() => void session.look(claim)}>
              {texts.retry}
            </Button>
          )}
          {homeButton}
        </Threshold>
      );
    }
    case "pre-join":
      return (
        <PreJoin
          session={session}
          visit={visit}
          joining={stand.joining}
          trouble={stand.trouble}
          linkCopied={linkCopied}
          isTransit={isTransit}
          onHome={onHome}
          onIntent={() => void loadCallView()}
        />
      );
    case "waiting":
      return (
        <Threshold
          tab={texts.tab.waiting}
          title={texts.waiting.title}
          text={texts.waiting.text}
          help={texts.waiting.seen}
          busy
          onHome={onHome}
          foot={<ProtectionLine isTransit={isTransit} />}
        >
          <Button onPress={() => session.stopWaiting()}>{texts.waiting.stop}</Button>
        </Threshold>
      );
    case "denied":
      return <Threshold tab={texts.tab.ended} title={texts.denied.title} onHome={onHome} />;
    case "expired":
      return (
        <Threshold tab={texts.tab.waiting} title={texts.expired.title} text={texts.expired.text} onHome={onHome}>
          <Button kind="primary" onPress={() => void session.askAgain()}>
            {texts.expired.again}
          </Button>
          {homeButton}
        </Threshold>
      );
    case "call":
      return (
        <Suspense fallback={<Threshold tab={texts.tab.call} title={texts.preJoin.joining} busy onHome={onHome} />}>
          <CallView session={session} visit={visit} call={stand.call} linkCopied={linkCopied} />
        </Suspense>
      );
    case "ended": {
      if (stand.reason === "left") {
        return (
          <Threshold tab={texts.tab.ended} title={texts.ended.left.title} text={texts.ended.left.text} onHome={onHome}>
            <Button kind="primary" onPress={onAgain}>
              {texts.ended.again}
            </Button>
            {homeButton}
          </Threshold>
        );
      }
      if (stand.reason === "unsafe") return <BrokenCall alarms={encryption.alarms} onLeave={onHome} />;
      const codes = {
        removed: "removed",
        elsewhere: "joined_elsewhere",
        closed: "meeting_ended",
        lost: "connection_ended",
      } as const;
      const { message, help } = errorText(codes[stand.reason]);
      const mayReturn = stand.reason === "elsewhere" || stand.reason === "lost";
      return (
        <Threshold tab={texts.tab.ended} title={message} text={help} onHome={onHome}>
          {mayReturn && (
            <Button kind="primary" onPress={onAgain}>
              {stand.reason === "elsewhere" ? texts.ended.here : texts.ended.again}
            </Button>
          )}
          {homeButton}
        </Threshold>
      );
    }
  }
}
