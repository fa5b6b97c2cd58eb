// CSV as the server writes it: commas, and quotes where they are needed.

/** Return the rows of a CSV as lists of texts. */
export function parseCsv(csv) {
  const rows = [[]];
  const cells = /("(?:[^"]|"")*"|[^,\n\r]*)(,|\r?\n|$)/g;
  for (const [whole, cell, end] of csv.matchAll(cells)) {
    const isQuoted = cell.startsWith('"');
    if (!whole) break; // the end of the text
    rows.at(-1).push(isQuoted ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length);
}
