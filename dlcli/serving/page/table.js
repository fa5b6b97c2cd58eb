// A table of rows: dropped or chosen, and returned with the predictions as columns.

import { answer } from "./answer.js";
import { predictTable } from "./api.js";
import { parseCsv } from "./csv.js";
import { el, panel } from "./dom.js";
import { drop } from "./drop.js";
import { text } from "./language.js";
import { noteList } from "./notes.js";

const TYPES = {
  csv: "text/csv", tsv: "text/tab-separated-values", txt: "text/csv", json: "application/json",
  jsonl: "application/x-ndjson", parquet: "application/vnd.apache.parquet",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};
const MAX_SHOWN = 8; // rows
let address = null; // of the last table, which the browser holds until it is revoked

/** Return the panel for tables. */
export function table(description) {
  const accept = Object.keys(TYPES).map((suffix) => `.${suffix}`).join(",");
  const take = (file) => answer(() => compute(description, file));
  return panel("table", el("p", { class: "muted", say: "tableWhy" }), drop("dropTable", take, { accept }));
}

async function compute(description, file) {
  const suffix = file.name.split(".").at(-1).toLowerCase();
  const { csv, notes } = await predictTable(description.name, file, TYPES[suffix] ?? "text/csv");
  if (address) URL.revokeObjectURL(address);
  // Excel takes a CSV for UTF-8 only if it starts with this mark.
  address = URL.createObjectURL(new Blob(["\ufeff", csv], { type: "text/csv" }));
  const rows = parseCsv(csv);
  const count = rows.length - 1;
  const name = `${file.name.replace(/\.[^.]*$/, "")}-predictions.csv`;
  const outputs = new Set(description.outputs);
  const isOutput = rows[0].map((column) => outputs.has(column) || column === "lower" || column === "upper");
  const view = () => [
    el("p", { class: "headline small", say: ["rows", { count }] }),
    el("a", { class: "primary button", href: address, download: name, say: "download" }),
    noteList(notes),
    el("div", { class: "preview", tabindex: 0, role: "region", "aria-label": text("preview") },
      preview(rows, isOutput)),
    count > MAX_SHOWN ? el("p", { class: "muted", say: ["firstRows", { count: MAX_SHOWN }] }) : "",
  ];
  return { view, summary: () => text("rows", { count }) };
}

function preview(rows, isOutput) {
  const mark = (index) => (isOutput[order[index]] ? "output" : null);
  // The predictions first, which the table may be too wide for otherwise.
  const places = [...isOutput.keys()];
  const order = [...places.filter((at) => isOutput[at]), ...places.filter((at) => !isOutput[at])];
  const sorted = rows.slice(0, MAX_SHOWN + 1).map((row) => order.map((at) => row[at]));
  const [header, ...body] = sorted;
  return el("table", {},
    el("thead", {}, el("tr", {}, ...header.map((cell, index) =>
      el("th", { scope: "col", class: mark(index) }, cell)))),
    el("tbody", {}, ...body.map((row) => el("tr", {}, ...row.map((cell, index) =>
      el("td", { class: mark(index) }, cell))))));
}
