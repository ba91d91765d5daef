/** The call once its encryption is broken: nothing is sent, and there are two ways on. Neither goes without encryption. */

import { RotateCw } from "lucide-react";
import type { Alarm } from "../../model/encryption";
import { useErrorText, useTexts } from "../context";
import { Button } from "../parts/Button";
import { Threshold } from "../parts/Threshold";

interface Props {
  readonly alarms: readonly Alarm[];
  readonly onLeave: () => void;
}

export function BrokenCall({ alarms, onLeave }: Props) {
  const texts = useTexts();
  const { help } = useErrorText()("encryption_broken");
  const { broken, alarms: words } = texts.security;
  const why = alarms.at(-1);
  const kind = why === undefined ? null : words.kinds[why.kind];
  return (
    <Threshold
      tab={texts.tab.call}
      title={broken.title}
      text={broken.text}
      help={kind === null ? help : `${kind.what} ${kind.means}`}
      grave
      onHome={onLeave}
    >
      <Button kind="primary" icon={<RotateCw aria-hidden />} onPress={() => location.reload()}>
        {broken.again}
      </Button>
      <Button onPress={onLeave}>{texts.leave}</Button>
    </Threshold>
  );
}
