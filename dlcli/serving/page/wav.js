// WAV files of 16-bit samples.

const SILENCE = 0.05; // of the loudest sample
const MARGIN = 0.1; // seconds that are kept before and after

/** Return samples without the silence at both ends, as training recordings have none. */
export function trimmed(samples, rate) {
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const isLoud = (value) => Math.abs(value) > SILENCE * loudest;
  const first = samples.findIndex(isLoud);
  if (first < 0) return samples;
  const last = samples.findLastIndex(isLoud);
  const margin = Math.round(MARGIN * rate);
  return samples.slice(Math.max(0, first - margin), last + margin);
}

/** Return a WAV file with one channel. */
export function wav(samples, rate) {
  const data = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const put = (at, letters) => [...letters].forEach((c, i) => data.setUint8(at + i, c.charCodeAt(0)));
  put(0, "RIFF");
  data.setUint32(4, 36 + 2 * samples.length, true);
  put(8, "WAVEfmt ");
  data.setUint32(16, 16, true); // bytes of what follows, until "data"
  data.setUint16(20, 1, true); // PCM
  data.setUint16(22, 1, true); // channels
  data.setUint32(24, rate, true);
  data.setUint32(28, 2 * rate, true); // bytes per second
  data.setUint16(32, 2, true); // bytes of a sample of all channels
  data.setUint16(34, 16, true); // bits of a sample
  put(36, "data");
  data.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, index) =>
    data.setInt16(44 + 2 * index, Math.round(32767 * Math.max(-1, Math.min(1, value))), true));
  return new File([data], "recording.wav", { type: "audio/wav" });
}
