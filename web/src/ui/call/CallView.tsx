/** The screen of a call: the stage, the controls, one panel at a time, and what there is to be told. */

import { useCallback, useEffect, useRef, useState } from "react";
import { self } from "../../model/call";
import type { LiveCall } from "../../model/ports";
import type { RoomSession, Visit } from "../../model/room-session";
import type { Command } from "../../model/shortcuts";
import type { View } from "../../model/stage";
import { useHouse, useObservable, usePreferences, useTexts } from "../context";
import { useTabTitle } from "../useTabTitle";
import { Alarms } from "./Alarms";
import { AloneHint } from "./AloneHint";
import { Announcer } from "./Announcer";
import { Arrivals } from "./Arrivals";
import { Banners } from "./Banners";
import { BrokenCall } from "./BrokenCall";
import styles from "./CallView.module.css";
import { ControlBar } from "./ControlBar";
import { InvitePanel } from "./InvitePanel";
import { KnockCard } from "./KnockCard";
import { PeoplePanel } from "./PeoplePanel";
import type { Comparison } from "./SafetyCodeSection";
import { SecurityPanel } from "./SecurityPanel";
import { SecuritySummary } from "./SecuritySummary";
import { SettingsPanel } from "./SettingsPanel";
import { ShortcutsPanel } from "./ShortcutsPanel";
import { Sounds } from "./Sounds";
import { StageView } from "./StageView";
import { TopLine } from "./TopLine";
import { TransitBanner } from "./TransitBanner";
import { useShortcuts } from "./useShortcuts";

export type PanelName = "people" | "invite" | "security" | "settings" | "shortcuts";

interface Props {
  readonly session: RoomSession;
  readonly visit: Visit;
  readonly call: LiveCall;
  readonly linkCopied: boolean;
}

export default function CallView({ session, visit, call, linkCopied }: Props) {
  const texts = useTexts();
  const { ports } = useHouse();
  const { singleKeys } = usePreferences();
  const encryption = useObservable(session.encryption);
  const place = useObservable(session.link);
  const state = useObservable(call.state);
  const [view, setView] = useState<View>("grid");
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [talking, setTalking] = useState(false);
  // Kept here, so that closing the panel does not forget it.
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const isHost = visit.role === "host";
  useTabTitle(visit.knocks.length > 0 ? texts.tab.knocking : texts.tab.call);

  const me = self(state);
  const microphoneOn = me?.microphone === "on";
  const cameraOn = me?.camera === "on";
  const sharing = me !== null && me.screen !== null;
  const toggle = useCallback((name: PanelName) => setPanel((open) => (open === name ? null : name)), []);
  const turnView = useCallback(() => setView((now) => (now === "grid" ? "speaker" : "grid")), []);

  const obey = (command: Command) => {
    if (command === "microphone") void call.setMicrophone(!microphoneOn);
    else if (command === "camera") void call.setCamera(!cameraOn);
    else if (command === "screen" && ports.call.canShareScreen) void call.setScreen(!sharing);
    else if (command === "view") turnView();
    else if (command === "people") toggle("people");
    else if (command === "help") toggle("shortcuts");
  };
  const talk = (on: boolean) => {
    setTalking(on);
    void call.setMicrophone(on);
  };
  useShortcuts({ singleKeys, mayTalk: !microphoneOn, onCommand: obey, onTalk: talk });

  // A knock at the door is heard, as in a house.
  const knocks = visit.knocks.length;
  const { devices } = usePreferences();
  const speaker = devices.speaker;
  const heard = useRef(0);
  useEffect(() => {
    if (knocks > heard.current) void ports.devices.chime(speaker).catch(() => undefined);
    heard.current = knocks;
  }, [knocks, ports, speaker]);

  const alone = state.people.length === 1 && state.link.state === "connected";
  const close = () => setPanel(null);
  if (encryption.padlock === "broken") {
    return <BrokenCall alarms={encryption.alarms} onLeave={() => void call.leave()} />;
  }
  return (
    <div className={styles.call}>
      <TopLine padlock={encryption.padlock} isOpen={panel === "security"} onSecurity={() => toggle("security")} />
      <div className={styles.notices}>
        {encryption.padlock === "transit" && <TransitBanner />}
        <Arrivals arrivals={visit.arrivals} onSeen={() => session.arrivalsSeen()} />
        <Alarms
          alarms={encryption.alarms}
          members={encryption.members}
          onCompare={() => setPanel("security")}
          onSeen={() => session.alarmsSeen()}
        />
      </div>
      <main className={styles.middle} tabIndex={-1}>
        <h1 className="visually-hidden">{texts.call.title}</h1>
        <SecuritySummary encryption={encryption} />
        <div className={styles.stage}>
          <Banners call={call} state={state} talking={talking} singleKeys={singleKeys} sharing={sharing} />
          <StageView state={state} view={view} members={encryption.members} />
          {alone && panel === null && knocks === 0 && (
            <AloneHint isHost={isHost} linkCopied={linkCopied} onInvite={() => setPanel("invite")} place={place} />
          )}
          <Announcer state={state} view={view} knocks={visit.knocks} />
          {isHost && panel !== "people" && (
            <KnockCard
              session={session}
              knocks={visit.knocks}
              trouble={visit.answerTrouble}
              onAll={() => setPanel("people")}
            />
          )}
        </div>
        {panel === "people" && (
          <PeoplePanel
            session={session}
            knocks={isHost ? visit.knocks : []}
            trouble={visit.answerTrouble}
            state={state}
            encryption={encryption}
            isHost={isHost}
            onClose={close}
          />
        )}
        {panel === "security" && (
          <SecurityPanel
            encryption={encryption}
            lastSealed={call.lastSealed}
            comparison={comparison}
            onComparison={setComparison}
            onClose={close}
          />
        )}
        {panel === "invite" && <InvitePanel session={session} isHost={isHost} onClose={close} />}
        {panel === "settings" && <SettingsPanel session={session} call={call} onClose={close} />}
        {panel === "shortcuts" && <ShortcutsPanel onClose={close} />}
      </main>
      <ControlBar
        microphoneOn={microphoneOn}
        cameraOn={cameraOn}
        sharing={sharing}
        canShare={ports.call.canShareScreen}
        view={view}
        panel={panel}
        people={state.people.length}
        knocks={isHost ? knocks : 0}
        onCommand={obey}
        onPanel={toggle}
        onLeave={() => void call.leave()}
      />
      <Sounds people={state.people} />
    </div>
  );
}
