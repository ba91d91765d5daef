/** Notices that an open microphone gives nothing at all: a switch on its cable, a volume at zero. Quiet is not nothing. */

// Even a silent room makes the last bits of a working microphone move; only a closed one gives exact zeros.
const NOTHING = 1e-6;
const PERIOD_MS = 500;
const PATIENCE_MS = 6_000;

export class DeadEar {
  #track: MediaStreamTrack | undefined;
  #stop: () => void = () => undefined;

  constructor(private readonly onSilent: (silent: boolean) => void) {}

  /** Listens to `track` from now on; to nothing when undefined. */
  listen(track: MediaStreamTrack | undefined): void {
    if (track === this.#track) return;
    this.#track = track;
    this.#stop();
    this.#stop = track === undefined ? () => undefined : this.#follow(track);
  }

  #follow(track: MediaStreamTrack): () => void {
    const context = new AudioContext();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let heardAt = performance.now();
    const timer = setInterval(() => {
      // A context the browser holds back hears nothing either, and that is not the microphone's fault.
      if (context.state !== "running") heardAt = performance.now();
      analyser.getFloatTimeDomainData(samples);
      if (samples.some((sample) => Math.abs(sample) > NOTHING)) heardAt = performance.now();
      this.onSilent(performance.now() - heardAt > PATIENCE_MS);
    }, PERIOD_MS);
    return () => {
      clearInterval(timer);
      source.disconnect();
      void context.close();
      this.onSilent(false);
    };
  }
}
