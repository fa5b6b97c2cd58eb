// Requests to the server.

import { el, newId } from "./dom.js";
import { text } from "./language.js";

const KEY = "dlcli-token";

/** A problem that the server reports, with its status, or that there is no server. */
export class Problem extends Error {
  constructor(message, hint = "", status = 0) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

/** Return the answer of the server; it asks for the token if the server needs one. */
export async function request(path, options = {}) {
  for (;;) {
    const token = sessionStorage.getItem(KEY);
    const headers = { ...options.headers };
    if (token) headers.Authorization = `Bearer ${token}`;
    let answer;
    try {
      answer = await fetch(path, { ...options, headers });
    } catch {
      throw new Problem(text("offline"));
    }
    if (answer.ok) return answer;
    if (answer.status !== 401) throw await problemOf(answer);
    await askForToken(Boolean(token));
  }
}

async function problemOf(answer) {
  try {
    const { error, hint } = await answer.json();
    return new Problem(error, hint, answer.status);
  } catch {
    return new Problem(text("failed", { status: answer.status }));
  }
}

let asking = null; // one question for all requests that wait

function askForToken(wasWrong) {
  asking ??= new Promise((resolve) => {
    const id = newId();
    const input = el("input", { id, type: "password", autocomplete: "off", required: true });
    const form = el("form", { method: "dialog" },
      el("h2", { say: "token" }),
      el("p", { say: "tokenWhy" }),
      wasWrong ? el("p", { class: "error", role: "alert", say: "tokenWrong" }) : null,
      el("label", { for: id, say: "token" }), input,
      el("button", { class: "primary", say: "go" }));
    const dialog = el("dialog", { cancel: (event) => event.preventDefault() }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      sessionStorage.setItem(KEY, input.value);
      dialog.close();
      dialog.remove();
      asking = null;
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

const address = (model, action) => `models/${encodeURIComponent(model)}${action}`;

export const listModels = async () => (await (await request("models")).json()).models;

export const describe = async (model) => (await request(address(model, ""))).json();

/** Return the predictions of a body: {columns, predictions, notes}. */
export async function predict(model, body, type, query = "") {
  const headers = { "Content-Type": type, Accept: "application/json" };
  const options = { method: "POST", headers, body };
  return (await request(address(model, `/predict${query}`), options)).json();
}

/** Return a table with the predictions as further columns: {csv, notes}. */
export async function predictTable(model, body, type) {
  const headers = { "Content-Type": type, Accept: "text/csv" };
  const options = { method: "POST", headers, body };
  const answer = await request(address(model, "/predict?keep=all&csv_safe=true"), options);
  return { csv: await answer.text(), notes: notesOf(answer) };
}

function notesOf(answer) {
  try {
    return JSON.parse(answer.headers.get("Dlcli-Notes") ?? "[]");
  } catch {
    return [text("manyNotes")]; // the server cuts a long header
  }
}

/** Return how much the values of a row matter. */
export async function influence(model, row) {
  const headers = { "Content-Type": "application/json" };
  const options = { method: "POST", headers, body: JSON.stringify(row) };
  return (await request(address(model, "/influence"), options)).json();
}
