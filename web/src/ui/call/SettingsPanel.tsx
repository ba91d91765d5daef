/** What each person sets for themselves during a call: devices, language, looks, keys. */

import { useEffect } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import type { LiveCall } from "../../model/ports";
import type { Language, Theme } from "../../model/preferences";
import type { RoomSession } from "../../model/room-session";
import { useHouse, usePreferences, useTexts } from "../context";
import { DeviceChoices } from "../DeviceChoices";
import { Choice } from "../parts/Choice";
import { Toggle } from "../parts/Toggle";
import { Panel } from "./Panel";
import styles from "./SettingsPanel.module.css";

interface Props {
  readonly session: RoomSession;
  readonly call: LiveCall;
  readonly onClose: () => void;
}

const themes: readonly Theme[] = ["system", "light", "dark"];

export function SettingsPanel({ session, call, onClose }: Props) {
  const texts = useTexts();
  const { ports, book } = useHouse();
  const preferences = usePreferences();
  const { desk } = session;
  // Labels come with permission, which may have been given since the lists were read.
  useEffect(() => void desk.refreshLists(), [desk]);
  return (
    <Panel title={texts.settings.title} onClose={onClose}>
      <section>
        <h3>{texts.settings.devices}</h3>
        <DeviceChoices
          desk={desk}
          canChooseSpeaker={ports.call.canChooseSpeaker}
          onChoose={(kind, id) => {
            book.change({ devices: { ...preferences.devices, [kind]: id } });
            void call.chooseDevice(kind, id);
          }}
        />
        <Toggle
          label={texts.settings.warn}
          help={texts.settings.warnHelp}
          on={preferences.warnWhenMuted}
          onChange={(warnWhenMuted) => {
            book.change({ warnWhenMuted });
            void call.setWarnWhenMuted(warnWhenMuted);
          }}
        />
      </section>
      <section>
        <h3>{texts.settings.looks}</h3>
        <Choice
          label={texts.language.choose}
          options={[
            { id: "fr", label: "Français" },
            { id: "en", label: "English" },
          ]}
          chosen={preferences.language}
          onChoose={(id) => book.change({ language: id as Language })}
        />
        <RadioGroup
          className={styles.group ?? ""}
          value={preferences.theme}
          onChange={(theme) => book.change({ theme: theme as Theme })}
        >
          <Label className={styles.label ?? ""}>{texts.settings.theme}</Label>
          <div className={styles.radios}>
            {themes.map((theme) => (
              <Radio key={theme} value={theme} className={styles.radio ?? ""}>
                {texts.settings.themes[theme]}
              </Radio>
            ))}
          </div>
        </RadioGroup>
      </section>
      <section>
        <h3>{texts.settings.keys}</h3>
        <Toggle
          label={texts.settings.singleKeys}
          help={texts.settings.singleKeysHelp}
          on={preferences.singleKeys}
          onChange={(singleKeys) => book.change({ singleKeys })}
        />
      </section>
    </Panel>
  );
}
