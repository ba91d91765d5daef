/** The meeting's link: copied with one press, shown only when asked for, so that no picture of the screen gives it away. */

import { Check, Copy, Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { guestLink, type RoomPlace } from "../../model/link";
import { copy } from "../clipboard";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import { TextField } from "../parts/TextField";
import { Panel } from "./Panel";
import { QrCode } from "./QrCode";

interface Props {
  readonly place: RoomPlace;
  readonly isHost: boolean;
  readonly onClose: () => void;
}

export function InvitePanel({ place, isHost, onClose }: Props) {
  const texts = useTexts();
  const [shown, setShown] = useState(false);
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  const link = location.origin + guestLink(place);
  const copyLink = async () => {
    const done = await copy(link);
    setOutcome(done ? "copied" : "refused");
    if (!done) setShown(true);
  };
  return (
    <Panel title={texts.invite.title} onClose={onClose}>
      <section>
        <p>{isHost ? texts.invite.text : texts.invite.textGuest}</p>
        <Button
          kind="primary"
          icon={outcome === "copied" ? <Check aria-hidden /> : <Copy aria-hidden />}
          onPress={copyLink}
        >
          {texts.invite.copy}
        </Button>
        <p role="status">
          {outcome === "copied" && texts.invite.copied}
          {outcome === "refused" && texts.invite.copyFailed}
        </p>
        <Button
          aria-expanded={shown}
          icon={shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
          onPress={() => setShown(!shown)}
        >
          {shown ? texts.invite.hide : texts.invite.show}
        </Button>
      </section>
      {shown && (
        <section>
          <TextField
            label={texts.invite.link}
            value={link}
            isReadOnly
            onFocus={(event) => (event.target as HTMLInputElement).select()}
          />
          <QrCode text={link} label={texts.invite.qr} />
        </section>
      )}
    </Panel>
  );
}
