/** What needs a word or a click above the stage: a lost connection, silenced sound, a microphone nobody hears. */

import { LoaderCircle, MonitorUp, Volume2 } from "lucide-react";
import { useEffect, useState } from "react";
import type { CallState } from "../../model/call";
import type { LiveCall } from "../../model/ports";
import { useErrorText, useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./Banners.module.css";

interface Props {
  readonly call: LiveCall;
  readonly state: CallState;
  readonly talking: boolean;
  readonly singleKeys: boolean;
  readonly sharing: boolean;
}

export function Banners({ call, state, talking, singleKeys, sharing }: Props) {
  const texts = useTexts();
  const errorText = useErrorText();
  const muted = errorText("speaking_while_muted");
  const silent = errorText("microphone_silent");
  return (
    <div className={styles.banners}>
      {state.link.state === "reconnecting" && <Reconnecting since={state.link.since} />}
      {state.soundBlocked && (
        <Button kind="primary" large icon={<Volume2 aria-hidden />} onPress={() => void call.allowSound()}>
          {texts.call.turnOnSound}
        </Button>
      )}
      {state.speakingWhileMuted && !talking && (
        <p role="status" className={styles.banner}>
          <strong>{muted.message}</strong> {singleKeys && muted.help}
        </p>
      )}
      {talking && (
        <p role="status" className={styles.banner}>
          {texts.call.talkHint}
        </p>
      )}
      {state.microphoneSilent && (
        <p role="status" className={styles.banner}>
          <strong>{silent.message}</strong> {silent.help}
        </p>
      )}
      {sharing && (
        <div className={styles.banner}>
          <MonitorUp size={20} aria-hidden />
          <span>{texts.call.sharingYours}</span>
        </div>
      )}
    </div>
  );
}

function Reconnecting({ since }: { readonly since: number }) {
  const errorText = useErrorText();
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  const { message, help } = errorText("connection_lost", { seconds });
  return (
    <div className={`${styles.banner} ${styles.lost}`}>
      <LoaderCircle size={20} className={styles.turning} aria-hidden />
      {/* Read once; a screen reader that counted every second would hide all else. */}
      <p role="status" className="visually-hidden">
        {help}
      </p>
      <p aria-hidden="true">
        <strong>{message}</strong> {help}
      </p>
    </div>
  );
}
