// A picture: dropped, chosen, or taken with a camera.

import { answer, prediction } from "./answer.js";
import { predict } from "./api.js";
import { el, panel } from "./dom.js";
import { drop } from "./drop.js";

const READ_BY_SERVER = ["image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif"];
const MAX_BYTES = 4_000_000;
const MAX_SIDE = 1600; // of pictures that are made smaller before they are sent

/** Return the panel for a model of pictures. */
export function picture(description) {
  const shown = el("img", { class: "shown", hidden: true, alt: "" });
  const invert = el("input", { type: "checkbox", change: () => send() });
  const camera = cameraOf(take);
  let file = null;

  function take(chosen) {
    file = chosen;
    if (shown.src) URL.revokeObjectURL(shown.src);
    shown.src = URL.createObjectURL(file);
    shown.hidden = false;
    send();
  }

  function send() {
    if (!file) return;
    answer(async () => {
      const body = await readable(file);
      const query = invert.checked ? "?invert=true" : "";
      return prediction(description, await predict(description.name, body, body.type, query));
    });
  }

  return panel("picture",
    drop("dropPicture", take, { accept: "image/*" }),
    camera,
    shown,
    el("label", { class: "check" }, invert, el("span", { say: "invert" })));
}

/** Return a file that the server reads: others, and large ones, as JPEG. */
async function readable(file) {
  if (READ_BY_SERVER.includes(file.type) && file.size <= MAX_BYTES) return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return file; // the server says what is wrong with it
  }
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = el("canvas", { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
}

/** Return the button for the camera: the one of a phone, or a window with that of a computer. */
function cameraOf(take) {
  if (matchMedia("(pointer: coarse)").matches) {
    const input = el("input", { type: "file", accept: "image/*", capture: "environment", class: "hidden" });
    input.addEventListener("change", () => input.files[0] && take(input.files[0]));
    return el("label", { class: "button" }, el("span", { say: "photograph" }), input);
  }
  if (!navigator.mediaDevices?.getUserMedia) return null;
  return el("button", { type: "button", say: "photograph", click: () => photograph(take) });
}

async function photograph(take) {
  const video = el("video", { autoplay: true, muted: true, playsinline: true });
  const problem = el("p", { class: "error", role: "alert" });
  const shoot = el("button", { type: "button", class: "primary", say: "shoot", disabled: true });
  const dialog = el("dialog", {}, el("h2", { say: "photograph" }), video, problem,
    el("div", { class: "buttons" }, shoot,
      el("button", { type: "button", say: "cancel", click: () => dialog.close() })));
  let stream = null;
  dialog.addEventListener("close", () => {
    stream?.getTracks().forEach((track) => track.stop());
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    problem.textContent = error.message;
    return;
  }
  if (!dialog.open) stream.getTracks().forEach((track) => track.stop());
  video.srcObject = stream;
  shoot.disabled = false;
  shoot.addEventListener("click", () => {
    const canvas = el("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => take(new File([blob], "photo.jpg", { type: blob.type })), "image/jpeg", 0.95);
    dialog.close();
  });
}
