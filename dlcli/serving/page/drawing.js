// A canvas to draw what a model of small grey pictures knows, such as digits.

import { answer, clear, prediction } from "./answer.js";
import { predict } from "./api.js";
import { el, panel } from "./dom.js";
import { pixelsOf } from "./pixels.js";

const SIDE = 280; // of the canvas
const PEN = 20;

/** Return the panel for drawing. */
export function drawing(description) {
  const [height, width] = description.input.shape;
  const { white, mean } = description.input;
  const isLightOnDark = mean < white / 2; // as in the training pictures
  const strokes = [];
  const canvas = el("canvas", { width: SIDE, height: SIDE, class: "pad", role: "img",
    say: "drawHere", "data-into": "aria-label" });
  const seen = el("canvas", { width, height, class: "seen", role: "img",
    say: "seenLabel", "data-into": "aria-label" });
  const context = canvas.getContext("2d");
  const [paper, ink] = isLightOnDark ? ["#000", "#fff"] : ["#fff", "#000"];
  let stroke = null;

  function draw() {
    context.fillStyle = paper;
    context.fillRect(0, 0, SIDE, SIDE);
    context.strokeStyle = ink;
    context.lineWidth = PEN;
    context.lineCap = context.lineJoin = "round";
    for (const points of strokes) trace(context, points);
    seen.getContext("2d").putImageData(
      pixelsOf(strokes, { width, height, isLightOnDark }), 0, 0);
  }

  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    const scale = SIDE / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    strokes.push((stroke = [pointOf(event)]));
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    // Pens report several points between two frames.
    const events = event.getCoalescedEvents?.() ?? [];
    stroke.push(...(events.length ? events : [event]).map(pointOf));
    draw();
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, () => {
      if (!stroke) return;
      stroke = null;
      send();
    });

  function send() {
    answer(async () => {
      const file = await new Promise((resolve) => seen.toBlob(resolve, "image/png"));
      return prediction(description, await predict(description.name, file, "image/png"));
    });
  }

  function erase() {
    strokes.length = 0;
    draw();
    clear();
  }

  draw();
  return panel("draw",
    el("div", { class: "drawing" }, canvas,
      el("div", {}, el("p", { class: "muted", say: "seen" }), seen,
        el("button", { type: "button", say: "erase", click: erase }))),
    el("p", { class: "muted", say: "drawElse" }));
}

function trace(context, points) {
  context.beginPath();
  context.moveTo(...points[0]);
  for (const point of points) context.lineTo(...point);
  context.stroke();
}
