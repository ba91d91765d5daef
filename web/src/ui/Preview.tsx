/** Oneself before the call: the mirrored picture, the moving level, the two switches, and help when something fails. */

import { Mic, MicOff, Video, VideoOff } from "lucide-react";
import { browserFamily } from "../model/device-problem";
import type { DeviceDesk } from "../model/own-devices";
import type { ErrorCode } from "../types/errors";
import { useErrorText, useObservable, useTexts } from "./context";
import { LevelMeter } from "./LevelMeter";
import styles from "./Preview.module.css";
import { Button } from "./parts/Button";
import { ErrorNote } from "./parts/ErrorNote";
import { Picture } from "./parts/Picture";
import { RoundButton } from "./parts/RoundButton";

interface Props {
  readonly desk: DeviceDesk;
  readonly name: string;
  /** What is asked before the devices are opened; before a call when absent. */
  readonly question?: string;
}

export function Preview({ desk, name, question }: Props) {
  const texts = useTexts();
  const errorText = useErrorText();
  const { microphone, camera, replacedBy } = useObservable(desk.state);
  // What is wished and does not work is not shown as working.
  const microphoneOn = microphone.wished && microphone.problem === null;
  const cameraOn = camera.wished && camera.problem === null;
  const asking = microphone.asking || camera.asking;
  const untried =
    (microphone.wished || camera.wished) &&
    microphone.opened === null &&
    camera.opened === null &&
    microphone.problem === null &&
    camera.problem === null;

  const problem = (kind: "microphone" | "camera", code: ErrorCode) => (
    <ErrorNote
      key={kind}
      {...errorText(code, { icon: texts.preJoin.permissionIcon[browserFamily(navigator.userAgent)] })}
    >
      {code !== "context_insecure" && <Button onPress={() => desk.wish(kind, true)}>{texts.retry}</Button>}
    </ErrorNote>
  );

  return (
    <div className={styles.preview}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; this groups a picture with its switches */}
      <div className={styles.frame} role="group" aria-label={texts.preJoin.preview}>
        {camera.opened !== null ? (
          <Picture handle={camera.opened.picture} mirrored fit="cover" />
        ) : (
          <div className={styles.empty}>
            {asking ? (
              <p role="status">{texts.preJoin.answerBrowser}</p>
            ) : untried ? (
              <>
                <p className={styles.question}>{question ?? texts.preJoin.question}</p>
                <p className={styles.questionHelp}>{texts.preJoin.questionHelp}</p>
                <Button onPress={() => desk.try()}>{texts.preJoin.try}</Button>
              </>
            ) : (
              <p>{texts.preJoin.cameraOff}</p>
            )}
          </div>
        )}
        {camera.opened !== null && name !== "" && <span className={styles.name}>{name}</span>}
        <div className={styles.switches}>
          <RoundButton
            label={microphoneOn ? texts.call.mute : texts.call.unmute}
            on={microphoneOn}
            icon={microphoneOn ? <Mic aria-hidden /> : <MicOff aria-hidden />}
            onPress={() => desk.wish("microphone", !microphoneOn)}
          />
          <RoundButton
            label={cameraOn ? texts.call.cameraOff : texts.call.cameraOn}
            on={cameraOn}
            icon={cameraOn ? <Video aria-hidden /> : <VideoOff aria-hidden />}
            onPress={() => desk.wish("camera", !cameraOn)}
          />
        </div>
      </div>
      <div className={styles.level}>
        {microphone.opened !== null ? (
          <>
            <LevelMeter level={microphone.opened.level} label={texts.preJoin.level} />
            <p>{texts.preJoin.speakUp}</p>
          </>
        ) : (
          !microphone.wished && <p>{texts.preJoin.muted}</p>
        )}
      </div>
      {camera.problem !== null && camera.problem === "context_insecure"
        ? problem("camera", camera.problem)
        : [
            camera.problem !== null && problem("camera", camera.problem),
            microphone.problem !== null && problem("microphone", microphone.problem),
          ]}
      {question === undefined && (camera.problem ?? microphone.problem) !== null && (
        <p className={styles.without}>{texts.preJoin.without}</p>
      )}
      {replacedBy !== null && <ErrorNote {...errorText("device_replaced", { name: replacedBy })} />}
    </div>
  );
}
