// A text for a model of texts.

import { answer, prediction } from "./answer.js";
import { predict } from "./api.js";
import { el, newId, panel } from "./dom.js";

/** Return the panel for a model of texts. */
export function words(description) {
  const id = newId();
  const input = el("textarea", { id, rows: 5, required: true });
  const form = el("form", { submit: send }, el("label", { for: id, say: "text" }), input,
    el("div", { class: "buttons" }, el("button", { class: "primary", say: "predict" }),
      el("span", { class: "muted", say: "shortcut" })));

  function send(event) {
    event.preventDefault();
    answer(async () =>
      prediction(description, await predict(description.name, input.value, "text/plain")));
  }

  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return panel("textTitle", form);
}
