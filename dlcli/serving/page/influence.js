// What mattered: how the answer changes when single values are the typical ones.

import { el } from "./dom.js";
import { number, text } from "./language.js";

const MAX_SHOWN = 5;

/** Return the view of the influences of a row. */
export function whatMattered(description, { output, columns }) {
  const isShare = output.startsWith("p_");
  const name = output === "prediction" ? description.target : output.replace(/^(p|score|prediction)_/, "");
  const smallest = isShare ? 0.0005 : 1e-9;
  const shown = columns.slice(0, MAX_SHOWN).filter(({ change }) => Math.abs(change) >= smallest);
  const largest = Math.max(...shown.map(({ change }) => Math.abs(change)));
  return () => [el("section", { class: "influence" },
    el("h3", { say: "mattered" }),
    el("p", { class: "muted", say: shown.length
      ? [isShare ? "matteredShare" : "matteredNumber", { name }] : "matteredNothing" }),
    el("ol", { class: "signed" }, ...shown.map((item) => bar(item, largest, isShare, description.unit))),
    el("details", {}, el("summary", { say: "limits" }), el("p", { class: "muted", say: "limitsText" })))];
}

function bar({ column, value, typical, change }, largest, isShare, unit) {
  const fill = el("span", { class: change < 0 ? "fill minus" : "fill plus" });
  fill.style.width = `${(50 * Math.abs(change)) / largest}%`;
  const show = (item) => (item === null ? text("missing") : typeof item === "boolean"
    ? text(String(item)) : typeof item === "number" ? number(item) : item);
  return el("li", {},
    el("span", { class: "name" }, column,
      el("span", { class: "muted", say: ["instead", { value: show(value), typical: show(typical) }] })),
    el("span", { class: "track", "aria-hidden": "true" }, fill),
    el("span", { class: "value" }, signed(change, isShare, unit)));
}

function signed(change, isShare, unit) {
  const options = isShare
    ? { signDisplay: "always", maximumFractionDigits: 1, minimumFractionDigits: 1 }
    : { signDisplay: "always", maximumSignificantDigits: 3 };
  const amount = number(isShare ? 100 * change : change, options);
  return isShare ? text("points", { amount }) : [amount, unit].filter(Boolean).join(" ");
}
