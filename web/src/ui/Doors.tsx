/** The picture of the house: two panelled leaves, not quite shut, and the lamp behind them. Decoration only. */

import styles from "./Doors.module.css";

function Leaf({ side }: { readonly side: "left" | "right" }) {
  return (
    <g className={styles[side]}>
      <rect x="90" y="60" width="110" height="380" className={styles.leaf} />
      {[
        [76, 84],
        [176, 128],
        [320, 104],
      ].map(([y, height]) => (
        <g key={y}>
          <rect x="106" y={y} width="78" height={height} rx="2" className={styles.recess} />
          <rect x="114" y={(y ?? 0) + 8} width="62" height={(height ?? 0) - 16} rx="1" className={styles.field} />
        </g>
      ))}
      <circle cx="190" cy="262" r="4.5" className={styles.knob} />
    </g>
  );
}

export function Doors() {
  return (
    <svg viewBox="0 0 400 520" className={styles.doors} aria-hidden="true">
      <defs>
        <linearGradient id="spill" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" className={styles.spillNear} />
          <stop offset="1" className={styles.spillFar} />
        </linearGradient>
        <radialGradient id="lamp" cx="0.5" cy="0.45" r="0.6">
          <stop offset="0" className={styles.lampHeart} />
          <stop offset="1" className={styles.lampRim} />
        </radialGradient>
      </defs>
      <path d="M60 440V48q0-24 24-24h232q24 0 24 24v392z" className={styles.frame} />
      <path d="M78 440V60q0-18 18-18h208q18 0 18 18v380z" className={styles.frameInner} />
      <rect x="90" y="60" width="220" height="380" fill="url(#lamp)" />
      <path d="M190 440h20l92 72H98z" fill="url(#spill)" />
      <Leaf side="left" />
      <g transform="matrix(-1 0 0 1 400 0)">
        <Leaf side="right" />
      </g>
      <path d="M24 440h376" className={styles.floor} />
    </svg>
  );
}
