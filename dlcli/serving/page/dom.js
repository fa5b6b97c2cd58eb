// Elements of the page.

import { say } from "./language.js";

let ids = 0;

export const newId = () => `e${++ids}`;

/**
 * Return a new element.
 *
 * `say` is the key of its text, or [key, values]; functions are handlers of events; `null` and
 * `false` leave an attribute out.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  const { say: words, ...others } = attributes;
  for (const [name, value] of Object.entries(others)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== false && value !== undefined)
      element.setAttribute(name, value);
  }
  if (words) say(element, ...[words].flat());
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A panel with a heading. */
export function panel(title, ...children) {
  const id = newId();
  return el("section", { class: "panel", "aria-labelledby": id },
    el("h2", { id, say: title }), ...children);
}
