/** The first bytes of what this device last sent, as the server has them: to see that they say nothing. */

import { Pause, Play } from "lucide-react";
import { useEffect, useState } from "react";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./CipherWindow.module.css";

interface Props {
  readonly lastSealed: () => Promise<Uint8Array | null>;
}

const REFRESH_MS = 500;
const ROW = 12;
const ROWS = 8;

export function CipherWindow({ lastSealed }: Props) {
  const { cipher } = useTexts().security;
  const [bytes, setBytes] = useState<Uint8Array | null>(null);
  const [running, setRunning] = useState(true);
  useEffect(() => {
    if (!running) return;
    let open = true;
    const look = async () => {
      const now = await lastSealed().catch(() => null);
      if (open) setBytes(now);
    };
    void look();
    const timer = setInterval(look, REFRESH_MS);
    return () => {
      open = false;
      clearInterval(timer);
    };
  }, [lastSealed, running]);
  return (
    <section>
      <h3>{cipher.title}</h3>
      <p className={styles.text}>{cipher.text}</p>
      {bytes === null ? (
        <p className={styles.nothing}>{cipher.nothing}</p>
      ) : (
        // Read out byte by byte it would drown everything else.
        <div role="img" aria-label={cipher.label(bytes.length)} className={styles.window}>
          {rows(bytes).map(([offset, row]) => (
            <div key={offset}>{row}</div>
          ))}
        </div>
      )}
      <Button
        icon={running ? <Pause size={18} aria-hidden /> : <Play size={18} aria-hidden />}
        onPress={() => setRunning(!running)}
      >
        {running ? cipher.pause : cipher.go}
      </Button>
    </section>
  );
}

function rows(bytes: Uint8Array): readonly (readonly [number, string])[] {
  const hex = [...bytes.subarray(0, ROW * ROWS)].map((byte) => byte.toString(16).padStart(2, "0"));
  const starts = Array.from({ length: Math.ceil(hex.length / ROW) }, (_, row) => row * ROW);
  return starts.map((start) => [start, hex.slice(start, start + ROW).join(" ")]);
}
