/** The check of devices and network: see and hear oneself, hear the loudspeakers, and learn whether a call would work from here. */

import { CircleAlert, CircleCheck, CircleDashed, LoaderCircle, RotateCw } from "lucide-react";
import { useEffect, useState } from "react";
import { ConnectionCheck, type Finding, STEPS, type Step } from "../model/connection-check";
import { DeviceDesk } from "../model/own-devices";
import { useErrorText, useHouse, useObservable, useTexts } from "./context";
import { DeviceChoices } from "./DeviceChoices";
import { Preview } from "./Preview";
import { Button } from "./parts/Button";
import { Masthead } from "./parts/Masthead";
import styles from "./TestPage.module.css";
import { useTabTitle } from "./useTabTitle";

interface Props {
  readonly onHome: () => void;
}

const signs: Readonly<Record<Finding["state"], typeof CircleCheck>> = {
  waiting: CircleDashed,
  running: LoaderCircle,
  good: CircleCheck,
  bad: CircleAlert,
};

export function TestPage({ onHome }: Props) {
  const texts = useTexts();
  const errorText = useErrorText();
  const { ports, book } = useHouse();
  const [desk] = useState(() => new DeviceDesk(ports.devices, book, { microphone: true, camera: true }));
  const [check] = useState(() => new ConnectionCheck(ports));
  const findings = useObservable(check.findings);
  useTabTitle(texts.tab.test);
  useEffect(() => {
    void check.run();
    return () => desk.close();
  }, [check, desk]);

  const all = STEPS.map((step) => findings[step]);
  const failed = all.some(({ state }) => state === "bad");
  const done = failed || all.every(({ state }) => state === "good");
  const verdict = failed ? texts.test.failed : done ? texts.test.passed : texts.test.running;

  const troubleOf = (step: Step, { code, seconds }: Finding & { state: "bad" }) => {
    // The server has answered before: it is only this kind of connection that does not get through, whatever the library calls it.
    const unreachable = code === "server_unreachable" || code === "media_unreachable";
    if (step === "signalling" && unreachable) return texts.test.webSocketBlocked;
    return errorText(code, seconds === undefined ? {} : { seconds });
  };

  return (
    <div className={styles.page}>
      <Masthead onHome={onHome} />
      <main className={styles.main}>
        <div className={styles.title}>
          <h1>{texts.test.title}</h1>
          <p>{texts.test.lead}</p>
        </div>
        <section className={styles.preview} aria-label={texts.settings.devices}>
          <Preview desk={desk} name="" question={texts.test.question} />
          <DeviceChoices desk={desk} canChooseSpeaker={ports.call.canChooseSpeaker} />
        </section>
        <section className={styles.network} aria-labelledby="network">
          <h2 id="network">{texts.test.network}</h2>
          <ul>
            {STEPS.map((step) => {
              const finding = findings[step];
              const Sign = signs[finding.state];
              return (
                <li key={step} data-state={finding.state}>
                  <Sign size={22} aria-hidden />
                  <div>
                    <h3>{texts.test.steps[step].name}</h3>
                    {finding.state === "bad" ? (
                      <Trouble {...troubleOf(step, finding)} />
                    ) : (
                      <p>{finding.state === "good" ? texts.test.steps[step].good : texts.test.states[finding.state]}</p>
                    )}
                  </div>
                  {finding.state === "good" && finding.milliseconds !== null && (
                    <span className={styles.time}>
                      {texts.test.milliseconds(Math.max(1, Math.round(finding.milliseconds)))}
                    </span>
                  )}
                </li>
              );
            })}
          </ul>
          <p role="status" className={styles.verdict}>
            {verdict}
          </p>
          <Button icon={<RotateCw size={18} aria-hidden />} isDisabled={!done} onPress={() => check.run()}>
            {texts.test.again}
          </Button>
        </section>
      </main>
    </div>
  );
}

function Trouble({ message, help }: { readonly message: string; readonly help: string }) {
  return (
    <p>
      <strong>{message}</strong> {help}
    </p>
  );
}
