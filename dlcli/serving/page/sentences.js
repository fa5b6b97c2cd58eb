// Sentences of the server, which are English, in the language of the page.

import { language, text } from "./language.js";

const KNOWN = [
  [/^column '(?<column>.*)': (?<count>\d+) categor(y|ies) not seen in training$/, "noteUnseen"],
  [/^column '(?<column>.*)': (?<count>\d+) missing values? filled in$/, "noteFilled"],
  [/^column '(?<column>.*)': (?<count>\d+) texts? without a word known from training$/, "noteWordless"],
  [/^these images are light, the training images were dark/, "noteLight"],
  [/^these images are dark, the training images were light/, "noteDark"],
  [/^(?<value>'.*') in column (?<column>'.*') is not a number$/, "notNumber"],
  [/^(?<value>'.*') in column (?<column>'.*') is infinite$/, "infinite"],
  [/^column '(?<column>.*)': (?<count>\d+) values? (is|are) missing$/, "missingValues"],
  [/^no column (?<names>'.*')\./, "noColumn"],
  [/^(?<entered>\d+) fields?, but the first row has (?<count>\d+)$/, "unevenRow"],
  [/^the request has more rows; this server takes (?<count>[\d,]+)$/, "tooManyRows"],
];
const STATUSES = {
  400: "malformed", 403: "otherSite", 404: "noModel", 408: "tooSlow", 413: "tooLarge", 415: "wrongType",
  421: "otherHost", 422: "unusable", 500: "serverFailed", 503: "busy", 504: "tooLong",
};
const PLACE = /^the body(?::(?<line>\d+))?: /;

/** Return a note or a problem in the language of the page; null for a sentence that it does not know. */
export function translated(sentence) {
  for (const [pattern, key] of KNOWN) {
    const match = sentence.match(pattern);
    if (match) return text(key, match.groups);
  }
  return null;
}

/** Return a problem of one row, without its place. */
export function problemOfRow({ message, hint }) {
  const sentence = message.replace(PLACE, "");
  const own = language === "en" ? null : translated(sentence);
  return own ?? [sentence, hint].filter(Boolean).join(". ");
}

/** Return a problem in the language of the page, or what its status means. */
export function leadOf({ message, status }) {
  const line = message.match(PLACE)?.groups.line;
  const own = language === "en" ? null : translated(message.replace(PLACE, ""));
  if (own) return line ? text("atLine", { line, sentence: own }) : own;
  return status in STATUSES ? text(STATUSES[status]) : null;
}
