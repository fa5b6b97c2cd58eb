// The texts of the page in the language of the reader.

import en from "./en.js";
import ko from "./ko.js";

const CATALOGUES = { en, ko };
const KEY = "dlcli-language";
const texts = new WeakMap(); // key and values of each element with a text

export let language = chosenBefore() ?? (navigator.language.startsWith("ko") ? "ko" : "en");

function chosenBefore() {
  try {
    const before = localStorage.getItem(KEY);
    return before in CATALOGUES ? before : null;
  } catch {
    return null; // storage is switched off
  }
}

export function setLanguage(name) {
  language = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // It is forgotten when the page is closed.
  }
}

/** Return a text; {name} in it is replaced by values.name. */
export function text(key, values = {}) {
  return CATALOGUES[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Give an element a text that changes with the language. */
export function say(element, key, values = {}) {
  element.dataset.say = key;
  texts.set(element, values);
  write(element);
  return element;
}

function write(element) {
  const words = text(element.dataset.say, texts.get(element));
  if (element.dataset.into) element.setAttribute(element.dataset.into, words);
  else element.textContent = words;
}

/** Write all texts of the page again. */
export function translate() {
  document.documentElement.lang = language;
  document.querySelectorAll("[data-say]").forEach(write);
}

export function number(value, options = { maximumSignificantDigits: 5 }) {
  return new Intl.NumberFormat(language, options).format(value);
}

export function percent(share) {
  return number(share, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
