/** How loud the microphone is, as a row of lamps. It moves twenty times a second without drawing the screen again. */

import { useEffect, useRef } from "react";
import type { Observable } from "../model/observable";
import styles from "./LevelMeter.module.css";

interface Props {
  readonly level: Observable<number>;
  readonly label: string;
}

export function LevelMeter({ level, label }: Props) {
  const meter = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const show = () => {
      const element = meter.current;
      if (element === null) return;
      element.style.setProperty("--level", String(level.get()));
      element.setAttribute("aria-valuenow", String(Math.round(level.get() * 100)));
    };
    show();
    return level.watch(show);
  }, [level]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a meter element cannot be drawn as lamps in every browser
    <div
      ref={meter}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
      className={styles.meter}
    />
  );
}
