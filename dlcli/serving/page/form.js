// A form with a field for each column of a table.

import { answer, prediction, withMore } from "./answer.js";
import { influence, predict } from "./api.js";
import { el, panel } from "./dom.js";
import { field } from "./fields.js";
import { whatMattered } from "./influence.js";
import { problemOfRow } from "./sentences.js";

const MAX_SHOWN = 24; // fields; further ones are behind a button
const MAX_LARGE = 6; // more of them stand side by side on a phone too
const MAX_EXPLAINED = 256; // columns, as on the server

/** Return the panel for a model of tables. */
export function form(description) {
  const columns = description.input.columns;
  const fields = columns.map((column) => field(column, () => hasAnswer && submit(false)));
  let hasAnswer = false;

  async function compute() {
    const row = Object.fromEntries(fields.map(({ name, value }) => [name, value()]));
    const predicted = await predict(description.name, JSON.stringify([row]), "application/json");
    hasAnswer = true;
    const shown = prediction(description, predicted);
    if (columns.length > 1 && columns.length <= MAX_EXPLAINED)
      setTimeout(() => withMore(shown.view, async () =>
        whatMattered(description, await influence(description.name, row))));
    return shown;
  }

  /** Predict; `isAsked` is false if a value has changed, which must not move the reader. */
  function submit(isAsked = true) {
    for (const { setError } of fields) setError("");
    const showAtField = (problem) => {
      const named = (words) => fields.find(({ name }) => problem.message.includes(`${words}'${name}'`));
      const wrong = named("column ") ?? named("");
      wrong?.setError(problemOfRow(problem), isAsked);
      return Boolean(wrong);
    };
    answer(compute, showAtField, isAsked);
  }

  const [shown, others] = [fields.slice(0, MAX_SHOWN), fields.slice(MAX_SHOWN)];
  const element = el("form", { novalidate: true,
    submit: (event) => { event.preventDefault(); submit(); },
    // The fields have their first values after this event.
    reset: () => setTimeout(() => {
      for (const { sync } of fields) sync();
      if (hasAnswer) submit(false);
    }) },
  el("div", { class: fields.length > MAX_LARGE ? "fields many" : "fields" }, ...shown.map((item) => item.element)),
  others.length ? el("details", {}, el("summary", { say: ["moreColumns", { count: others.length }] }),
    el("div", { class: "fields many" }, ...others.map((item) => item.element))) : null,
  el("div", { class: "buttons" },
    el("button", { class: "primary", say: "predict" }),
    el("button", { type: "reset", say: "reset" })));
  return panel("values", element);
}
