// A place to drop or choose a file.

import { el } from "./dom.js";

/**
 * Return the element.
 *
 * `take` gets the file; `options` are attributes of the input, such as `accept`.
 */
export function drop(label, take, options = {}) {
  const input = el("input", { type: "file", class: "hidden", ...options });
  const name = el("span", { class: "muted" });
  const element = el("label", { class: "drop" }, el("span", { say: label }), name, input);
  const open = (file) => {
    if (!file) return;
    name.textContent = file.name;
    take(file);
  };
  input.addEventListener("change", () => {
    open(input.files[0]);
    input.value = ""; // the same file can be chosen again
  });
  for (const event of ["dragover", "dragenter"])
    element.addEventListener(event, (e) => { e.preventDefault(); element.classList.add("over"); });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    open(event.dataTransfer.files[0]);
  });
  return element;
}
