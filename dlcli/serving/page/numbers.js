// Numbers for models of series and arrays.

import { answer, prediction } from "./answer.js";
import { Problem, predict } from "./api.js";
import { el, newId, panel } from "./dom.js";
import { text } from "./language.js";

/** Return the panel for a model of numbers. */
export function numbers(description) {
  const id = newId();
  const isSeries = description.input.kind === "series";
  const count = description.input.shape?.reduce((product, side) => product * side, 1) ?? 1;
  const input = el("textarea", { id, rows: 6, required: true, inputmode: "text" });
  const form = el("form", { submit: send },
    el("label", { for: id, say: [isSeries ? "seriesLabel" : "arrayLabel", { count }] }), input,
    el("div", { class: "buttons" }, el("button", { class: "primary", say: "predict" })));

  async function compute() {
    const lines = input.value.trim().split("\n");
    if (isSeries && lines.length > 1 && lines.some((line) => /\d[\s,;]+\S/.test(line.trim())))
      throw new Problem(text("severalInLine")); // such as a number of the row, and the value
    const cells = input.value.split(/[\s,;]+/).filter(Boolean);
    if (cells.length < count || (!isSeries && cells.length !== count))
      throw new Problem(text(isSeries ? "tooFew" : "notAsMany", { count, entered: cells.length }));
    // A quoted header, so that no value of a series is taken for it.
    const column = `"${(description.target ?? "0").replaceAll('"', '""')}"`;
    const body = isSeries ? `${column}\n${cells.join("\n")}\n` : `${cells.join(",")}\n`;
    return prediction(description, await predict(description.name, body, "text/csv"));
  }

  function send(event) {
    event.preventDefault();
    answer(compute);
  }

  return panel("numbersTitle", form);
}
