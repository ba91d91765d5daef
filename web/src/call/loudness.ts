/** How loud a microphone is, as a number that moves. Listens on this computer only; keeps nothing of what it hears. */

import { Cell, type Observable } from "../model/observable";

// Speech runs from about -60 to -15 dBFS; the scale of the meter covers just that.
const QUIETEST_DB = -60;
const LOUDEST_DB = -12;
const PERIOD_MS = 50;

export interface Loudness {
  /** 0 is silence, 1 is as loud as speech gets. */
  readonly level: Observable<number>;
  stop(): void;
}

export function listenTo(track: MediaStreamTrack): Loudness {
  const level = new Cell(0);
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    level.set(scaled(samples));
  }, PERIOD_MS);
  return {
    level,
    stop() {
      clearInterval(timer);
      source.disconnect();
      void context.close();
      level.set(0);
    },
  };
}

function scaled(samples: Float32Array): number {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  const decibels = 10 * Math.log10(energy / samples.length + 1e-12);
  const share = (decibels - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB);
  // Two decimals: the meter need not be drawn again for less.
  return Math.round(Math.min(1, Math.max(0, share)) * 100) / 100;
}
