/** Shows a moving picture in a `<video>`; whole or cropped as its shape asks for. */

import { useEffect, useRef, useState } from "react";
import type { PictureHandle } from "../../model/ports";
import styles from "./Picture.module.css";

interface Props {
  readonly handle: PictureHandle;
  readonly mirrored?: boolean;
  /** `cover` fills the tile; a picture of quite another shape is still shown whole, so that no face is cut. */
  readonly fit: "cover" | "contain";
}

// A wide picture may fill a square tile: faces sit in the middle. Upright in a wide tile, most of it would be gone. A little more
// than 16:9, for encoders round the height down.
const CUT_LIMIT = 1.9;

export function Picture({ handle, mirrored = false, fit }: Props) {
  const element = useRef<HTMLVideoElement>(null);
  const [whole, setWhole] = useState(false);
  useEffect(() => {
    if (element.current !== null) return handle.attach(element.current);
    return undefined;
  }, [handle]);
  useEffect(() => {
    const video = element.current;
    if (video === null || fit === "contain") return;
    const compare = () => {
      if (video.videoWidth === 0 || video.clientHeight === 0) return;
      const difference = video.videoWidth / video.videoHeight / (video.clientWidth / video.clientHeight);
      setWhole(Math.max(difference, 1 / difference) > CUT_LIMIT);
    };
    const sized = new ResizeObserver(compare);
    sized.observe(video);
    video.addEventListener("resize", compare);
    return () => {
      sized.disconnect();
      video.removeEventListener("resize", compare);
    };
  }, [fit]);
  return (
    <video
      ref={element}
      className={`${styles.picture} ${mirrored ? styles.mirrored : ""} ${whole || fit === "contain" ? styles.whole : ""}`}
      autoPlay
      playsInline
      muted
    />
  );
}
