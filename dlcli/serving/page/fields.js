// Fields of a form: numbers, categories, dates and texts.

import { fromDay, toDay } from "./dates.js";
import { el, newId } from "./dom.js";
import { number, say } from "./language.js";

const MAX_OPTIONS = 40; // categories of a list; more are suggested while typing

/**
 * Return a field: {name, element, value, setError, sync}.
 *
 * `value` returns what the server gets: null where nothing is entered.
 */
export function field(column, onChange) {
  const id = newId();
  const input = controls(column, id);
  const error = el("p", { class: "error", id: `${id}-error`, hidden: true });
  const hint = hintOf(column, id);
  const slider = sliderOf(column, input.element);
  const warning = el("p", { class: "warning", say: "outside", hidden: true, id: `${id}-range` });
  const described = [hint && `${id}-hint`, `${id}-range`, `${id}-error`].filter(Boolean).join(" ");
  input.element.setAttribute("aria-describedby", described);

  function setError(message, isFocused = false) {
    error.textContent = message;
    error.hidden = !message;
    input.element.setAttribute("aria-invalid", Boolean(message));
    if (message) input.element.closest("details")?.setAttribute("open", "");
    if (isFocused) input.element.focus();
  }

  function sync() {
    const value = input.value();
    const isNumber = typeof value === "number";
    warning.hidden = !(isNumber && "median" in column && (value < column.low || value > column.high));
    if (slider && isNumber) slider.value = value;
  }

  input.element.addEventListener("input", sync);
  input.element.addEventListener("change", onChange);
  slider?.addEventListener("change", onChange);
  const element = el("div", { class: "field" }, el("label", { for: id }, column.name),
    input.element, input.list ?? null, slider, hint, warning, error);
  return { name: column.name, element, value: input.value, setError, sync };
}

function controls(column, id) {
  if (column.kind === "number") return numberInput(column, id);
  if (column.kind === "boolean") return select(column, id, [true, false]);
  if (column.kind === "date") return dateInput(column, id);
  if (column.values && column.values.length <= MAX_OPTIONS) return select(column, id, column.values);
  const listId = `${id}-list`;
  const element = el("input", { id, value: column.typical, list: column.values ? listId : null, autocomplete: "off" });
  const list = column.values
    ? el("datalist", { id: listId }, ...column.values.map((value) => new Option(value, value))) : null;
  return { element, list, value: () => element.value || null };
}

const plain = (value) => (typeof value === "number" ? String(Number(value.toPrecision(7))) : value);

function numberInput(column, id) {
  const element = el("input", { id, inputmode: "decimal", autocomplete: "off", value: plain(column.typical) });
  const value = () => {
    const entered = element.value.trim();
    const parsed = Number(entered);
    if (!entered) return null;
    return Number.isFinite(parsed) ? parsed : entered; // the server says what is wrong with it
  };
  return { element, value };
}

function select(column, id, values) {
  const options = values.map((value) => {
    const isTypical = value === column.typical;
    const option = new Option(String(value), JSON.stringify(value), isTypical, isTypical);
    if (typeof value === "boolean") say(option, String(value));
    return option;
  });
  const missing = say(new Option("", "null"), "missing");
  const element = el("select", { id }, ...options, missing);
  return { element, value: () => JSON.parse(element.value) };
}

function dateInput(column, id) {
  const day = toDay(column.typical ?? "", column.format);
  if (day === null) {
    const element = el("input", { id, value: column.typical, autocomplete: "off" });
    return { element, value: () => element.value.trim() || null };
  }
  const element = el("input", { id, type: "date", value: day });
  return { element, value: () => (element.value ? fromDay(element.value, column.format) : null) };
}

function hintOf(column, id) {
  if (!("median" in column)) return null;
  const show = (value) => (typeof value === "number" ? number(value, { maximumSignificantDigits: 7 }) : value);
  const values = { low: show(column.low), median: show(column.median), high: show(column.high) };
  return el("p", { class: "hint", id: `${id}-hint`, say: [column.kind === "date" ? "period" : "range", values] });
}

/** A slider beside a number, for the mouse and for fingers; the keyboard has the field. */
function sliderOf(column, input) {
  if (column.kind !== "number" || !("median" in column) || column.low >= column.high) return null;
  const step = column.integers ? 1 : 10 ** Math.floor(Math.log10((column.high - column.low) / 50));
  const slider = el("input", { type: "range", min: column.low, max: column.high, step: column.integers ? 1 : "any",
    value: column.typical, tabindex: -1, "aria-hidden": "true" });
  slider.addEventListener("input", () => {
    const rounded = Math.round(slider.value / step) * step;
    input.value = plain(Math.min(Math.max(rounded, column.low), column.high));
    input.dispatchEvent(new Event("input"));
  });
  return slider;
}
