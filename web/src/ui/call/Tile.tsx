/** One person, or the screen that person shares: picture or initials, name, and signs that do not rest on colour alone. */

import { AudioLines, LockKeyhole, MicOff, MonitorUp, ShieldAlert, WifiLow, WifiOff } from "lucide-react";
import type { CSSProperties } from "react";
import type { Person } from "../../model/call";
import type { MediaSeal } from "../../model/encryption";
import { initials, shadeOf } from "../../model/person-name";
import type { PlacedSeat, Rectangle } from "../../model/placement";
import { useTexts } from "../context";
import { Picture } from "../parts/Picture";
import styles from "./Tile.module.css";
import { useOverdue } from "./useOverdue";

interface Props {
  readonly person: Person;
  readonly shows: "camera" | "screen";
  readonly part: PlacedSeat["part"];
  readonly at: Rectangle;
  readonly isSpeaking: boolean;
  readonly seal: MediaSeal;
  readonly isFrozen: boolean;
}

const SHADES = 5;

export function Tile({ person, shows, part, at, isSpeaking, seal, isFrozen }: Props) {
  const texts = useTexts();
  const { call, people, security } = texts;
  // Of somebody who sends nothing there is nothing to wait for.
  const sends = person.microphone === "on" || person.camera === "on" || person.screen !== null;
  const shut = useOverdue(person.isSelf || !sends ? "none" : seal);
  const isScreen = shows === "screen";
  const picture = isScreen ? person.screen : person.picture;
  const plain = person.name === "" ? people.unnamed : person.name;
  const screenName = person.isSelf ? call.yourScreen : call.screenOf(plain);
  const label = isScreen ? screenName : person.isSelf ? `${plain} (${call.you})` : plain;
  const speaking = isSpeaking && !isScreen && person.microphone === "on";

  const look = [
    styles.tile,
    styles[part],
    isScreen ? styles.screen : styles[`shade${shadeOf(person.id, SHADES)}`],
    speaking ? styles.speaking : "",
    isFrozen && !person.isSelf ? styles.frozen : "",
    shut === "failing" ? styles.failing : "",
    picture === null ? styles.leaf : "",
  ].join(" ");
  const where: CSSProperties = {
    transform: `translate(${at.left}px, ${at.top}px)`,
    width: at.width,
    height: at.height,
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; this groups a picture with its name
    <div role="group" aria-label={label} className={look} style={where}>
      {/* Behind a camera's picture too: until its first frame has come, the tile would be empty. */}
      {!isScreen && (
        <span className={styles.initials} aria-hidden="true">
          {initials(plain)}
        </span>
      )}
      {picture !== null && (
        <Picture handle={picture} mirrored={person.isSelf && !isScreen} fit={isScreen ? "contain" : "cover"} />
      )}
      <span className={styles.plate}>
        {shut === "waiting" && (
          <LockKeyhole size={16} role="img" aria-label={security.tile.waiting} aria-hidden={false} />
        )}
        {shut === "failing" && (
          <ShieldAlert size={16} role="img" aria-label={security.tile.failing} aria-hidden={false} />
        )}
        {isScreen && <MonitorUp size={16} aria-hidden />}
        {!isScreen && person.microphone !== "on" && (
          <MicOff size={16} role="img" aria-label={call.isMuted} aria-hidden={false} />
        )}
        {speaking && <AudioLines size={16} role="img" aria-label={call.isSpeaking} aria-hidden={false} />}
        {person.line === "poor" && <WifiLow size={16} role="img" aria-label={call.poorLine} aria-hidden={false} />}
        {person.line === "lost" && <WifiOff size={16} role="img" aria-label={call.lostLine} aria-hidden={false} />}
        <bdi className={styles.name}>{label}</bdi>
      </span>
    </div>
  );
}
