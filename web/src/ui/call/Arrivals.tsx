/** Who came in by a personal invitation: said to the host until it is seen, for nobody comes in silently. */

import { DoorOpen } from "lucide-react";
import type { Arrival } from "../../types/room";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./Arrivals.module.css";

interface Props {
  readonly arrivals: readonly Arrival[];
  readonly onSeen: () => void;
}

export function Arrivals({ arrivals, onSeen }: Props) {
  const { said } = useTexts();
  return (
    <div role="status" className={arrivals.length === 0 ? "visually-hidden" : styles.arrivals}>
      {arrivals.length > 0 && <DoorOpen size={20} aria-hidden />}
      <ul className={styles.list}>
        {arrivals.map(({ knock, label, name }) => (
          <li key={knock}>{said.invited(label, name)}</li>
        ))}
      </ul>
      {arrivals.length > 0 && <Button onPress={onSeen}>{said.invitedSeen}</Button>}
    </div>
  );
}
