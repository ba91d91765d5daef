/** The controls of a call, within reach of a thumb. On a narrow screen the rarer ones move into one menu. */

import {
  EllipsisVertical,
  Keyboard,
  LayoutGrid,
  LogOut,
  Mic,
  MicOff,
  MonitorUp,
  MonitorX,
  Settings,
  SquareUser,
  UserPlus,
  Users,
  Video,
  VideoOff,
} from "lucide-react";
import type { ReactNode } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import type { Command } from "../../model/shortcuts";
import type { View } from "../../model/stage";
import { usePreferences, useTexts } from "../context";
import { RoundButton } from "../parts/RoundButton";
import type { PanelName } from "./CallView";
import styles from "./ControlBar.module.css";
import { useMedia } from "./useMedia";

interface Props {
  readonly microphoneOn: boolean;
  readonly cameraOn: boolean;
  readonly sharing: boolean;
  readonly canShare: boolean;
  readonly view: View;
  readonly panel: PanelName | null;
  readonly people: number;
  readonly knocks: number;
  readonly onCommand: (command: Command) => void;
  readonly onPanel: (panel: PanelName) => void;
  readonly onLeave: () => void;
}

interface Extra {
  readonly id: string;
  readonly label: string;
  readonly icon: ReactNode;
  readonly keys?: string | undefined;
  readonly act: () => void;
}

export function ControlBar(props: Props) {
  const { microphoneOn, cameraOn, sharing, canShare, view, panel, knocks, onCommand, onPanel, onLeave } = props;
  const { call } = useTexts();
  const { singleKeys } = usePreferences();
  const narrow = useMedia("(max-width: 47.99rem)");
  const key = (letter: string, chord?: string) => (singleKeys ? letter : chord);

  const share: Extra = {
    id: "share",
    label: sharing ? call.stopShare : call.share,
    icon: sharing ? <MonitorX aria-hidden /> : <MonitorUp aria-hidden />,
    keys: key("D"),
    act: () => onCommand("screen"),
  };
  const turn: Extra = {
    id: "view",
    label: view === "grid" ? call.speaker : call.grid,
    icon: view === "grid" ? <SquareUser aria-hidden /> : <LayoutGrid aria-hidden />,
    keys: key("W"),
    act: () => onCommand("view"),
  };
  const panels: Extra[] = [
    { id: "invite", label: call.invite, icon: <UserPlus aria-hidden />, act: () => onPanel("invite") },
    { id: "settings", label: call.settings, icon: <Settings aria-hidden />, act: () => onPanel("settings") },
  ];
  const keyboard: Extra = {
    id: "shortcuts",
    label: call.shortcuts,
    icon: <Keyboard aria-hidden />,
    keys: key("?"),
    act: () => onPanel("shortcuts"),
  };
  const round = (extra: Extra, isPanel: boolean) => (
    <RoundButton
      captioned
      key={extra.id}
      label={extra.label}
      icon={extra.icon}
      keys={extra.keys}
      onPress={extra.act}
      {...(isPanel ? { isExpanded: panel === extra.id } : {})}
      lit={extra.id === "share" && sharing}
    />
  );

  return (
    <nav className={styles.bar} aria-label={call.controls}>
      <RoundButton
        captioned
        label={microphoneOn ? call.mute : call.unmute}
        on={microphoneOn}
        keys={key("M", "Ctrl D")}
        icon={microphoneOn ? <Mic aria-hidden /> : <MicOff aria-hidden />}
        onPress={() => onCommand("microphone")}
      />
      <RoundButton
        captioned
        label={cameraOn ? call.cameraOff : call.cameraOn}
        on={cameraOn}
        keys={key("V", "Ctrl E")}
        icon={cameraOn ? <Video aria-hidden /> : <VideoOff aria-hidden />}
        onPress={() => onCommand("camera")}
      />
      {!narrow && canShare && round(share, false)}
      <span className={styles.gap} />
      <RoundButton
        captioned
        label={call.participants}
        icon={<Users aria-hidden />}
        keys={key("P")}
        isExpanded={panel === "people"}
        count={knocks}
        onPress={() => onPanel("people")}
      />
      {!narrow && (
        <>
          {panels.slice(0, 1).map((extra) => round(extra, true))}
          {round(turn, false)}
          {panels.slice(1).map((extra) => round(extra, true))}
          {round(keyboard, true)}
        </>
      )}
      {narrow && <More label={call.more} entries={[...(canShare ? [share] : []), turn, ...panels]} />}
      <span className={styles.gap} />
      <Leave onLeave={onLeave} />
    </nav>
  );
}

function Leave({ onLeave }: { readonly onLeave: () => void }) {
  const texts = useTexts();
  return <RoundButton captioned label={texts.leave} danger icon={<LogOut aria-hidden />} onPress={onLeave} />;
}

function More({ label, entries }: { readonly label: string; readonly entries: readonly Extra[] }) {
  return (
    <MenuTrigger>
      <RoundButton label={label} icon={<EllipsisVertical aria-hidden />} />
      <Popover className={styles.popover ?? ""}>
        <Menu className={styles.menu ?? ""} aria-label={label}>
          {entries.map(({ id, label: name, icon, act }) => (
            <MenuItem key={id} id={id} textValue={name} className={styles.item ?? ""} onAction={act}>
              {icon}
              {name}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
