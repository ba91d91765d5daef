/** Which key does what, from the same catalogue that listens to the keys. */

import { Fragment } from "react";
import { shortcuts } from "../../model/shortcuts";
import { usePreferences, useTexts } from "../context";
import { Panel } from "./Panel";
import styles from "./ShortcutsPanel.module.css";

export function ShortcutsPanel({ onClose }: { readonly onClose: () => void }) {
  const texts = useTexts();
  const { singleKeys } = usePreferences();
  const commands = [...new Set(shortcuts.map(({ command }) => command))];
  return (
    <Panel title={texts.shortcuts.title} onClose={onClose}>
      {!singleKeys && <p>{texts.shortcuts.off}</p>}
      <dl className={styles.keys}>
        {commands.map((command) => (
          <Fragment key={command}>
            <dt>{texts.shortcuts.commands[command]}</dt>
            <dd>
              {shortcuts
                .filter((shortcut) => shortcut.command === command && (singleKeys || !shortcut.single))
                .map(({ keys }) => (
                  <span key={keys.join()} className={styles.chord}>
                    {keys.map((key) => (
                      <kbd key={key}>{key === "␣" ? texts.shortcuts.spaceKey : key}</kbd>
                    ))}
                  </span>
                ))}
            </dd>
          </Fragment>
        ))}
      </dl>
    </Panel>
  );
}
