// What the server notes, in the language of the page; sentences that are not known here stay.

import { el } from "./dom.js";
import { translated } from "./sentences.js";

/** Return a list of notes; empty if there are none. */
export function noteList(notes) {
  if (!notes?.length) return "";
  return el("div", { class: "notes" }, el("h3", { say: "notes" }),
    el("ul", {}, ...notes.map((note) => el("li", {}, translated(note) ?? note))));
}
