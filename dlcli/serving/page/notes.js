// What the server notes, in the language of the page; sentences that are not known here stay.

import { el } from "./dom.js";
import { text } from "./language.js";

const KNOWN = [
  [/^column '(?<column>.*)': (?<count>\d+) categor(y|ies) not seen in training$/, "noteUnseen"],
  [/^column '(?<column>.*)': (?<count>\d+) missing values? filled in$/, "noteFilled"],
  [/^column '(?<column>.*)': (?<count>\d+) texts? without a word known from training$/, "noteWordless"],
  [/^these images are light, the training images were dark/, "noteLight"],
  [/^these images are dark, the training images were light/, "noteDark"],
];

/** Return a list of notes; empty if there are none. */
export function noteList(notes) {
  if (!notes?.length) return "";
  return el("div", { class: "notes" }, el("h3", { say: "notes" }),
    el("ul", {}, ...notes.map((note) => el("li", {}, translated(note)))));
}

function translated(note) {
  for (const [pattern, key] of KNOWN) {
    const match = note.match(pattern);
    if (match) return text(key, match.groups);
  }
  return note;
}
