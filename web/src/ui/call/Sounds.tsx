/** Plays everybody's sound, whether their tile is on this page or not. */

import { useEffect, useRef } from "react";
import type { Person } from "../../model/call";
import type { SoundHandle } from "../../model/ports";

function Sound({ handle }: { readonly handle: SoundHandle }) {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => (element.current === null ? undefined : handle.attach(element.current)), [handle]);
  // biome-ignore lint/a11y/useMediaCaption: live voices have no caption file
  return <audio ref={element} autoPlay />;
}

export function Sounds({ people }: { readonly people: readonly Person[] }) {
  return (
    <div hidden>
      {people.flatMap((person) => person.sounds.map(({ id, handle }) => <Sound key={id} handle={handle} />))}
    </div>
  );
}
