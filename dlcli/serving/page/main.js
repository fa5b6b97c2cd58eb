// The page: the model, the language, and the inputs that the model takes.

import { describe, listModels } from "./api.js";
import { clear, fail } from "./answer.js";
import { drawing } from "./drawing.js";
import { form } from "./form.js";
import { language, say, setLanguage, translate } from "./language.js";
import { numbers } from "./numbers.js";
import { picture } from "./picture.js";
import { sound } from "./sound.js";
import { table } from "./table.js";
import { words } from "./words.js";

const MAX_DRAWN = 64; // pixels of a side
const MAX_FIELDS = 500; // of a form; rows of wider tables come from files

const get = (id) => document.getElementById(id);

/** Return the panels for what a model takes, the usual one first. */
function inputsOf(description) {
  const { kind, shape } = description.input;
  if (kind === "image") {
    const isDrawn = shape.at(-1) === 1 && Math.max(...shape) <= MAX_DRAWN;
    return isDrawn ? [drawing, picture] : [picture];
  }
  if (kind === "audio") return [sound];
  if (kind === "text") return [words, table];
  if (kind === "series" || shape) return [numbers, table];
  return description.input.columns.length > MAX_FIELDS ? [table] : [form, table];
}

async function show(name) {
  clear();
  get("input").replaceChildren();
  const description = await describe(name);
  if (get("model").value !== name) return; // another one was chosen meanwhile
  document.title = `${description.name} · dlcli`;
  get("title").textContent = description.name;
  say(get("about"), description.target ? "about" : "aboutUnknown", { target: description.target });
  const inputs = inputsOf(description).filter((input) => input !== table || !description.offline);
  if (description.offline) say(get("footer"), "footerOffline");
  get("input").replaceChildren(...inputs.map((input) => input(description)));
}

function chooseLanguage(name) {
  setLanguage(name);
  for (const button of get("languages").children)
    button.setAttribute("aria-pressed", button.value === language);
  translate();
  document.dispatchEvent(new Event("language"));
}

async function start() {
  chooseLanguage(language);
  get("languages").addEventListener("click", ({ target }) => target.value && chooseLanguage(target.value));
  const names = await listModels();
  const select = get("model");
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  get("choose").hidden = names.length < 2;
  const open = () => {
    const wanted = decodeURIComponent(location.hash.slice(1));
    select.value = names.includes(wanted) ? wanted : names[0];
    return show(select.value);
  };
  select.addEventListener("change", () => {
    location.hash = encodeURIComponent(select.value);
  });
  addEventListener("hashchange", () => open().catch(fail));
  await open();
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the model
  get("input").querySelector("input, select, textarea, button")?.focus();
});

// A file that misses its place must not replace the page.
for (const event of ["dragover", "drop"])
  document.addEventListener(event, (dragged) => dragged.preventDefault());

start().catch(fail);
