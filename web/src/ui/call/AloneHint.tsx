/** For who is alone in the room: what will happen, and the link to send. */

import { Check, Copy, QrCode } from "lucide-react";
import { useState } from "react";
import { guestLink, isShareable, type RoomPlace } from "../../model/link";
import { copy } from "../clipboard";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./AloneHint.module.css";

interface Props {
  readonly place: RoomPlace;
  readonly isHost: boolean;
  readonly linkCopied: boolean;
  readonly onInvite: () => void;
}

export function AloneHint({ place, isHost, linkCopied, onInvite }: Props) {
  const texts = useTexts();
  const [copied, setCopied] = useState(linkCopied);
  const copyLink = async () => {
    if (await copy(location.origin + guestLink(place))) setCopied(true);
    else onInvite();
  };
  return (
    <section className={styles.hint} aria-labelledby="alone">
      <h2 id="alone">{texts.call.alone}</h2>
      <p>{isHost ? texts.call.aloneHelp : texts.call.aloneGuest}</p>
      <p role="status" className={copied ? styles.copied : "visually-hidden"}>
        {copied && texts.invite.copiedAlready}
      </p>
      {isShareable(place) && (
        <div className={styles.actions}>
          <Button kind="primary" icon={copied ? <Check aria-hidden /> : <Copy aria-hidden />} onPress={copyLink}>
            {texts.invite.copy}
          </Button>
          <Button icon={<QrCode aria-hidden />} onPress={onInvite}>
            {texts.call.invite}
          </Button>
        </div>
      )}
    </section>
  );
}
