// Dates as a date field has them, and in the format of the training file.

const PARTS = { "%Y": "(?<y>\\d{4})", "%m": "(?<m>\\d{1,2})", "%d": "(?<d>\\d{1,2})" };

/** Return a date as 2026-01-31; null if the format has more than a day, or is unknown. */
export function toDay(text, format = "") {
  const letters = format.match(/%./g)?.sort().join("");
  if (letters !== "%Y%d%m") return null;
  const escaped = format.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = escaped.replace(/%[Ymd]/g, (part) => PARTS[part]);
  const match = text.match(new RegExp(`^${pattern}$`));
  if (!match) return text ? null : "";
  const { y, m, d } = match.groups;
  return `${y}-${m.padStart(2, "0")}-${d.padStart(2, "0")}`;
}

/** Return a day in a format of only year, month and day. */
export function fromDay(day, format) {
  const [y, m, d] = day.split("-");
  return format.replace("%Y", y).replace("%m", m).replace("%d", d);
}
