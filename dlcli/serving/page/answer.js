// Answers: bars for classes, numbers with their interval, and what the server notes.

import { Problem } from "./api.js";
import { el } from "./dom.js";
import { number, percent, text } from "./language.js";
import { noteList } from "./notes.js";
import { leadOf } from "./sentences.js";

const MAX_BARS = 10;

const region = document.getElementById("answer");
const result = document.getElementById("result");
const status = document.getElementById("status");
let view = null; // returns the elements of the answer, again after the language has changed
let requests = 0;

document.addEventListener("language", () => view && result.replaceChildren(...view()));
clear();

function set(next, summary = "") {
  view = next;
  result.replaceChildren(...view());
  status.textContent = summary;
}

/** Remove the answer. */
export function clear() {
  requests++;
  region.removeAttribute("aria-busy");
  set(() => [el("p", { class: "empty", say: "empty" })]);
}

/** Show a problem in place of an answer. */
export function fail(error) {
  region.removeAttribute("aria-busy");
  set(() => [el("div", { class: "problem", role: "alert" }, ...sentencesOf(error))]);
  if (!(error instanceof Problem)) console.error(error);
}

/** Return what is wrong in the language of the page, and the server's own sentences beneath. */
function sentencesOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  const lead = error instanceof Problem ? leadOf(error) : null;
  const details = [lead ? message : null, error.hint].filter(Boolean);
  const lang = lead ? "en" : null;
  return [el("p", {}, lead ?? message), ...details.map((item) => el("p", { class: "muted", lang }, item))];
}

/**
 * Show the answer of a request; that of an earlier one, if it is late, is left out.
 *
 * `compute` returns {view, summary}. `onProblem` returns whether it shows a problem at its field.
 * The page scrolls to an answer that was asked for.
 */
export async function answer(compute, onProblem = () => false, isAsked = true) {
  const turn = ++requests;
  region.setAttribute("aria-busy", "true");
  try {
    const { view: next, summary } = await compute();
    if (turn !== requests) return;
    set(next, summary());
    if (isAsked) region.scrollIntoView({ block: "nearest", behavior: "smooth" });
  } catch (error) {
    if (turn !== requests) return;
    const isShown = error instanceof Problem && onProblem(error);
    if (isShown) set(() => [el("p", { class: "empty", say: "correct" })]);
    else fail(error);
  } finally {
    if (turn === requests) region.removeAttribute("aria-busy");
  }
}

/** Add to an answer, if it is still the last one. */
export function withMore(base, compute) {
  const turn = requests;
  const failed = (error) => () => [el("p", { class: "muted" }, error.message)];
  compute().catch(failed).then((more) => {
    if (turn === requests && view === base)
      set(() => [...base(), ...more()], status.textContent);
  });
}

/** Return the view of one prediction, and a sentence for screen readers. */
export function prediction(description, { columns, predictions, notes }) {
  const row = predictions.at(-1);
  const isClass = typeof row.prediction === "string";
  const shares = columns.filter((name) => /^(p|score)_/.test(name));
  const parts = () => {
    if (!shares.length) return numbersOf(description, row);
    const head = [row.prediction].flat().join(", ") || text("noLabel");
    const share = isClass ? row[`p_${row.prediction}`] : undefined;
    return [
      el("p", { class: "headline" }, head,
        share === undefined ? null : el("span", { class: "share" }, percent(share))),
      bars(shares, row, isClass),
    ];
  };
  return {
    view: () => [...parts(), noteList(notes)],
    summary: () => [...parts()[0].childNodes].map((node) => node.textContent).join(" "),
  };
}

function bars(shares, row, isClass) {
  const isShare = shares[0].startsWith("p_");
  const items = shares.map((key) => [key.slice(key.indexOf("_") + 1), row[key]]);
  if (isClass) items.sort((a, b) => b[1] - a[1]);
  const largest = isShare ? 1 : Math.max(...items.map(([, value]) => Math.abs(value)), 1e-9);
  const rest = items.length - MAX_BARS;
  const list = el("ol", { class: "bars" }, ...items.slice(0, MAX_BARS).map(([name, value]) => {
    const isPredicted = [row.prediction].flat().includes(name);
    const fill = el("span", { class: "fill" });
    fill.style.width = `${(100 * Math.max(value, 0)) / largest}%`;
    return el("li", { class: isPredicted ? "predicted" : null },
      el("span", { class: "name" }, name),
      el("span", { class: "track", "aria-hidden": "true" }, fill),
      el("span", { class: "value" }, isShare ? percent(value) : number(value)));
  }));
  return rest > 0 ? el("div", {}, list, el("p", { class: "muted", say: ["others", { count: rest }] })) : list;
}

function numbersOf(description, row) {
  const names = Object.keys(row).filter((key) => key.startsWith("prediction"));
  const withUnit = (value) => [number(value), description.unit].filter(Boolean).join(" ");
  const interval = (suffix) => {
    const [low, high] = [row[`lower${suffix}`], row[`upper${suffix}`]];
    if (low === undefined) return null;
    const values = { low: number(low), high: withUnit(high), share: percentOf(description.coverage) };
    return el("p", { class: "muted", say: ["interval", values] });
  };
  if (names.length === 1)
    return [el("p", { class: "headline" }, number(row[names[0]]),
      description.unit ? el("span", { class: "share" }, description.unit) : null), interval("")]
      .filter(Boolean);
  return [el("dl", { class: "numbers" }, ...names.flatMap((key) => {
    const suffix = key.slice("prediction".length);
    return [el("dt", {}, suffix.slice(1)), el("dd", {}, withUnit(row[key]), interval(suffix))];
  }))];
}

const percentOf = (share) => number(share ?? 0.9, { style: "percent" });
