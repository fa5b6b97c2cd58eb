// The model inside this file in place of a server: the functions of api.js, computed by ONNX Runtime.

import * as ort from "ort";

import { toDay } from "./dates.js";
import { text } from "./language.js";

const description = JSON.parse(document.getElementById("description").textContent);
const input = description.input;
let opened = null;

/** A problem of the input. */
export class Problem extends Error {
  constructor(message, hint = "") {
    super(message);
    this.hint = hint;
  }
}

function contentOf(id) {
  const binary = atob(document.getElementById(`${id}-content`).textContent);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

function session() {
  ort.env.wasm.numThreads = 1; // several need headers of a server
  ort.env.wasm.wasmBinary ??= contentOf("runtime").buffer;
  opened ??= ort.InferenceSession.create(contentOf("model"), {
    executionProviders: ["wasm"],
    logSeverityLevel: 3, // errors
  });
  return opened;
}

export const listModels = async () => [description.name];

export const describe = async () => description;

/** Return the predictions of a row, a text, a picture, a recording or numbers. */
export async function predict(_, body, type, query = "") {
  if (type === "application/json") return answerOf(await rowsOf(JSON.parse(body)), JSON.parse(body));
  if (type === "text/plain") return answerOf(await rowsOf([{ [input.columns[0].name]: body }]));
  if (type.startsWith("image/")) return answerOf(await pictureOf(body, query.includes("invert=true")));
  if (type.startsWith("audio/")) return answerOf(await recordingOf(body));
  return answerOf(numbersOf(body));
}

async function rowsOf(rows) {
  const names = new Set((await session()).inputNames);
  const columns = input.columns.filter(({ name }) => names.has(name));
  return Object.fromEntries(columns.map((column) => {
    const isText = column.kind === "category" || column.kind === "text";
    const values = rows.map((row) => valueOf(row[column.name], column, isText));
    const data = isText ? values : Float64Array.from(values);
    return [column.name, new ort.Tensor(isText ? "string" : "float64", data, [rows.length, 1])];
  }));
}

function valueOf(value, column, isText) {
  if (isText) {
    if (column.kind === "text") return value ?? "";
    const category = String(value ?? "").trim();
    return description.lowercase ? category.toLowerCase() : category;
  }
  if (value === null || value === undefined) return NaN;
  const number = column.kind === "date" ? secondsOf(value, column.format) : Number(value);
  if (!Number.isFinite(number))
    throw new Problem(text("notNumber", { value: `'${value}'`, column: `'${column.name}'` }));
  return number;
}

const secondsOf = (value, format) => Date.parse(`${toDay(value, format)}T00:00:00Z`) / 1000;

async function pictureOf(file, isInverted) {
  const [height, width, channels] = input.shape;
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Problem(text("notDecoded", { name: file.name ?? "" }));
  });
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(height * width * channels);
  for (let at = 0; at < height * width; at++) {
    const [r, g, b] = data.subarray(4 * at, 4 * at + 3);
    // The weights of Pillow.
    const values = channels === 1 ? [(19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16] : [r, g, b];
    pixels.set(isInverted ? values.map((value) => 255 - value) : values, channels * at);
  }
  return { image: new ort.Tensor("uint8", pixels, [1, height, width, channels]) };
}

async function recordingOf(file) {
  const rate = input.sampling_rate;
  let decoded;
  try {
    decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await file.arrayBuffer());
  } catch {
    throw new Problem(text("notDecoded", { name: file.name ?? "" }));
  }
  const channels = [...Array(decoded.numberOfChannels).keys()].map((at) => decoded.getChannelData(at));
  const samples = channels[0].map((_, at) =>
    channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length);
  return { [input.columns[0].name]: new ort.Tensor("float32", samples, [1, samples.length]) };
}

function numbersOf(csv) {
  const isSeries = input.kind === "series";
  const lines = csv.trim().split("\n");
  const cells = isSeries ? lines.slice(1) : lines[0].split(",");
  const values = cells.map((cell) => valueOf(cell, { name: description.target ?? "x" }, false));
  const size = input.shape.reduce((product, side) => product * side, 1);
  const last = values.slice(-size); // of a series the window whose next value is unknown
  return isSeries
    ? { series: new ort.Tensor("float64", Float64Array.from(last), [1, ...input.shape]) }
    : { x: new ort.Tensor("float32", Float32Array.from(last), [1, ...input.shape]) };
}

async function answerOf(feeds, rows = []) {
  const predictions = await run(feeds);
  const notes = Object.entries(rows[0] ?? {}).filter(([, value]) => value === null)
    .map(([column]) => `column '${column}': 1 missing value filled in`);
  return { columns: Object.keys(predictions[0]), predictions, notes };
}

/** Return a record of each row, as the server does. */
async function run(feeds) {
  const outputs = await (await session()).run(feeds);
  const { label, labels, probabilities, prediction, lower, upper } = outputs;
  const first = probabilities ?? prediction;
  const rows = [...Array(first.dims[0]).keys()];
  const records = rows.map((row) => {
    const of = (tensor) => {
      const width = tensor.data.length / rows.length;
      return [...tensor.data.slice(row * width, (row + 1) * width)].map(Number);
    };
    if (!probabilities) return numbersOfRow(of(prediction), lower && of(lower), upper && of(upper));
    const keys = description.outputs.filter((name) => /^(p|score)_/.test(name));
    const shares = of(probabilities).map((share, at) => [keys[at], share]);
    const name = label ? label.data[row] : description.classes.filter((_, at) => of(labels)[at]);
    return { prediction: name, ...Object.fromEntries(shares) };
  });
  const isRefused = (value) => value === "" || Number.isNaN(value);
  if (records.some((record) => Object.values(record).some(isRefused)))
    throw new Problem(text("refused"));
  return records;
}

function numbersOfRow(values, low, high) {
  const names = description.outputs.filter((name) => name.startsWith("prediction"));
  return Object.fromEntries(names.flatMap((name, at) => {
    const suffix = name.slice("prediction".length);
    const ends = low ? [[`lower${suffix}`, low[at]], [`upper${suffix}`, high[at]]] : [];
    return [[name, values[at]], ...ends];
  }));
}

/** Return how much the values of a row matter; see dlcli.prediction.influence. */
export async function influence(_, row) {
  const columns = input.columns.filter(({ typical }) => typical !== undefined);
  const rows = [row, ...columns.map(({ name, typical }) => ({ ...row, [name]: typical }))];
  const [before, ...after] = await run(await rowsOf(rows));
  const output = outputOf(before);
  const changes = columns.map(({ name, typical }, at) =>
    ({ column: name, value: row[name], typical, change: before[output] - after[at][output] }));
  changes.sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  return { output, value: before[output], columns: changes };
}

function outputOf(record) {
  const shares = Object.keys(record).filter((key) => /^(p|score)_/.test(key));
  if (typeof record.prediction === "string")
    return shares.find((key) => [`p_${record.prediction}`, `score_${record.prediction}`].includes(key));
  if (Array.isArray(record.prediction))
    return shares.reduce((best, key) => (record[key] > record[best] ? key : best));
  return Object.keys(record)[0];
}

/** Files of rows are read by a server only. */
export function predictTable() {
  throw new Problem(text("failed", { status: "" }));
}
