/** Which microphone, camera and loudspeakers: the same lists before the call and within it. */

import { Camera, Mic, Volume2 } from "lucide-react";
import type { DeviceDesk } from "../model/own-devices";
import type { DeviceKind } from "../model/ports";
import { useObservable, usePreferences, useTexts } from "./context";
import styles from "./DeviceChoices.module.css";
import { Button } from "./parts/Button";
import { Choice } from "./parts/Choice";

interface Props {
  readonly desk: DeviceDesk;
  readonly canChooseSpeaker: boolean;
  /** Told in place of the desk once a call has the devices. */
  readonly onChoose?: (kind: DeviceKind, deviceId: string) => void;
}

const icons = {
  microphone: <Mic size={18} aria-hidden />,
  camera: <Camera size={18} aria-hidden />,
  speaker: <Volume2 size={18} aria-hidden />,
};

export function DeviceChoices({ desk, canChooseSpeaker, onChoose }: Props) {
  const texts = useTexts();
  const { devices } = usePreferences();
  const { lists, microphone, camera } = useObservable(desk.state);
  const inUse = { microphone: microphone.opened?.deviceId, camera: camera.opened?.deviceId, speaker: undefined };

  const choice = (kind: DeviceKind) => {
    const found = lists[kind];
    const wanted = inUse[kind] ?? devices[kind];
    const known = found.some((device) => device.id === wanted);
    // Before permission there is nothing to choose from; the entry says what will be used.
    const options = known ? found : [{ id: "", label: texts.devices.default }, ...found];
    return (
      <Choice
        key={kind}
        label={texts.devices[kind]}
        icon={icons[kind]}
        options={options}
        chosen={known && wanted != null ? wanted : ""}
        onChoose={(id) => id !== "" && (onChoose ? onChoose(kind, id) : void desk.choose(kind, id))}
        isDisabled={found.length === 0}
      />
    );
  };

  const unlisted = lists.microphone.length + lists.camera.length === 0;
  return (
    <div className={styles.choices}>
      {choice("microphone")}
      {choice("camera")}
      {canChooseSpeaker ? choice("speaker") : <p className={styles.note}>{texts.devices.noSpeakerChoice}</p>}
      {unlisted && <p className={styles.note}>{texts.devices.unlisted}</p>}
      <Button icon={<Volume2 size={18} aria-hidden />} onPress={() => desk.testSound()}>
        {texts.preJoin.testSound}
      </Button>
    </div>
  );
}
