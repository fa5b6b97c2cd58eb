// A recording: from a file, or from the microphone.

import { answer, fail, prediction } from "./answer.js";
import { Problem, predict } from "./api.js";
import { el, panel } from "./dom.js";
import { drop } from "./drop.js";
import { say, text } from "./language.js";
import { trimmed, wav } from "./wav.js";

const MAX_SECONDS = 10;

/** Return the panel for a model of recordings. */
export function sound(description) {
  const rate = description.input.sampling_rate;
  const player = el("audio", { controls: true, hidden: true, say: "listen", "data-into": "aria-label" });
  const button = el("button", { type: "button", class: "record", click: toggle, say: "record" });
  let recorder = null;

  function send(file) {
    if (player.src) URL.revokeObjectURL(player.src);
    player.src = URL.createObjectURL(file);
    player.hidden = false;
    return predict(description.name, file, "audio/wav");
  }

  const take = (file) => answer(async () => {
    const isWav = /\.(wav|wave)$/i.test(file.name) || file.type.includes("wav");
    // Other formats are decoded by the browser; the server reads WAV.
    return prediction(description, await send(isWav ? file : wav(await samplesOf(file, rate), rate)));
  });

  async function toggle() {
    if (recorder) return recorder.stop();
    let stream;
    button.disabled = true; // until the microphone is allowed
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      return fail(new Problem(text("noMicrophone"), error.message));
    } finally {
      button.disabled = false;
    }
    const parts = [];
    recorder = new MediaRecorder(stream);
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.addEventListener("stop", () => {
      clearTimeout(timer);
      stream.getTracks().forEach((track) => track.stop());
      recorder = null;
      say(button, "record");
      button.classList.remove("on");
      answer(async () => {
        const samples = trimmed(await samplesOf(new Blob(parts), rate), rate);
        return prediction(description, await send(wav(samples, rate)));
      });
    });
    const timer = setTimeout(() => recorder?.stop(), 1000 * MAX_SECONDS);
    recorder.start();
    say(button, "stop");
    button.classList.add("on");
  }

  const canRecord = Boolean(navigator.mediaDevices?.getUserMedia) && "MediaRecorder" in window;
  return panel("sound", canRecord ? button : null,
    el("p", { class: "muted", say: canRecord ? "recordWhy" : "recordNot" }),
    drop("dropSound", take, { accept: "audio/*,.wav" }), player);
}

/** Return the samples of a recording in one channel, at a sampling rate. */
async function samplesOf(file, rate) {
  const data = await file.arrayBuffer();
  try {
    const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(data);
    const mixing = new OfflineAudioContext(1, Math.max(1, Math.ceil(decoded.duration * rate)), rate);
    const source = mixing.createBufferSource();
    source.buffer = decoded;
    source.connect(mixing.destination);
    source.start();
    return (await mixing.startRendering()).getChannelData(0);
  } catch {
    throw new Problem(text("notDecoded", { name: file.name ?? "" }));
  }
}
