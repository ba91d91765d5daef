/** Ways to bring others in: personal invitations, a host's matter, and the meeting's link, copied with one press, shown only when asked for, so that no picture of the screen gives it away. */

import { Check, Copy, Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { guestLink, isShareable } from "../../model/link";
import type { RoomSession } from "../../model/room-session";
import { copy } from "../clipboard";
import { useObservable, useTexts } from "../context";
import { Button } from "../parts/Button";
import { TextField } from "../parts/TextField";
import { Panel } from "./Panel";
import { PersonalInvitations } from "./PersonalInvitations";
import { QrCode } from "./QrCode";

interface Props {
  readonly session: RoomSession;
  readonly isHost: boolean;
  readonly onClose: () => void;
}

export function InvitePanel({ session, isHost, onClose }: Props) {
  const texts = useTexts();
  const [shown, setShown] = useState(false);
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  const place = useObservable(session.link);
  const link = location.origin + guestLink(place);
  const copyLink = async () => {
    const done = await copy(link);
    setOutcome(done ? "copied" : "refused");
    if (!done) setShown(true);
  };
  if (!isShareable(place)) {
    return (
      <Panel title={texts.invite.title} onClose={onClose}>
        <p>{texts.invite.bearer}</p>
      </Panel>
    );
  }
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
      {isHost && session.invitations.offered && <PersonalInvitations session={session} />}
    </Panel>
  );
}
