/** Draws the tiles where the model places them. One flat list: a tile moves between views and its picture never restarts. */

import { ChevronLeft, ChevronRight } from "lucide-react";
import { useRef, useState } from "react";
import type { CallState } from "../../model/call";
import type { Member } from "../../model/encryption";
import { place } from "../../model/placement";
import { stageFor, type View } from "../../model/stage";
import { useTexts } from "../context";
import { Button } from "../parts/Button";
import styles from "./StageView.module.css";
import { Tile } from "./Tile";
import { useSize } from "./useSize";

interface Props {
  readonly state: CallState;
  readonly view: View;
  readonly members: readonly Member[];
}

export function StageView({ state, view, members }: Props) {
  const texts = useTexts();
  const room = useRef<HTMLElement>(null);
  const size = useSize(room);
  const [wanted, setWanted] = useState(0);
  const { seats, page, pages } = place(stageFor(state, view), size, wanted);
  // In the order of arrival, whatever the view: a tile that changes places is not taken out of the page.
  const order = new Map(state.people.map((person, index) => [person.id, index]));
  const drawn = [...seats].sort((a, b) => (order.get(a.seat.person.id) ?? 0) - (order.get(b.seat.person.id) ?? 0));
  const seals = new Map(members.map((member) => [member.identity, member.media]));
  return (
    <section ref={room} className={styles.stage} aria-label={texts.call.stage}>
      {drawn.map(({ seat, at, part }) => (
        <Tile
          key={seat.key}
          person={seat.person}
          shows={seat.shows}
          part={part}
          at={at}
          isSpeaking={state.speaking.has(seat.person.id)}
          seal={seals.get(seat.person.id) ?? "none"}
          isFrozen={state.link.state === "reconnecting"}
        />
      ))}
      {pages > 1 && (
        <div className={styles.pages}>
          <Button
            aria-label={texts.call.previousPage}
            isDisabled={page === 0}
            icon={<ChevronLeft aria-hidden />}
            onPress={() => setWanted(page - 1)}
          />
          <span role="status">{texts.call.page(page + 1, pages)}</span>
          <Button
            aria-label={texts.call.nextPage}
            isDisabled={page === pages - 1}
            icon={<ChevronRight aria-hidden />}
            onPress={() => setWanted(page + 1)}
          />
        </div>
      )}
    </section>
  );
}
