// Times as people read them, in the browser's own time zone; `now` is always the sandbox's clock.

import { now } from "./store.js";

const format = (options) => new Intl.DateTimeFormat("en-GB", options);
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const SECONDS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT = format({ day: "numeric", month: "short", year: "numeric" });
const DATE = format({ day: "numeric", month: "long", year: "numeric" });
const LONG = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const NUMERIC = format({ year: "numeric", month: "2-digit", day: "2-digit" });
// Name, seconds, and the count from which the unit is used: 59 days say more than 1 month.
const UNITS = [["year", 31_536_000, 2], ["month", 2_592_000, 3], ["day", 86_400, 1], ["hour", 3600, 1],
  ["minute", 60, 1]];

const at = (seconds) => new Date(seconds * 1000);
export const clock = (seconds) => CLOCK.format(at(seconds));
export const clockSeconds = (seconds) => SECONDS.format(at(seconds));
export const shortDate = (seconds) => SHORT.format(at(seconds));
export const full = (seconds) => `${LONG.format(at(seconds))}, ${SECONDS.format(at(seconds))}`;

/** "3 minutes ago", "in 2 days", "just now"; by the gateway's clock when that is given. */
export function relative(seconds, from = now()) {
  const distance = seconds - from;
  for (const [unit, size, least] of UNITS) {
    // What was is rounded down, what comes to the nearest: a key made for 30 days has 29 days and 23 hours left.
    const count = distance < 0 ? Math.floor(-distance / size) : Math.round(distance / size);
    if (count >= least) return distance < 0 ? `${plural(count, unit)} ago` : `in ${plural(count, unit)}`;
  }
  return "just now";
}

export const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** "Today", "Yesterday" or the date: the line between the days of a channel. */
export function dayName(seconds) {
  return near(seconds) ?? LONG.format(at(seconds));
}

function near(seconds) {
  const day = (value) => at(value).toDateString();
  if (day(seconds) === day(now())) return "Today";
  if (day(seconds) === day(now() - 86_400)) return "Yesterday";
  return day(seconds) === day(now() + 86_400) ? "Tomorrow" : null;
}

/** Slack's date tokens: `<!date^1700000000^{date_short} at {time}|fallback>`. An unknown token stays as it is. */
export function slackDate(seconds, pattern) {
  const pretty = (formatter) => near(seconds)?.toLowerCase() ?? formatter.format(at(seconds));
  const tokens = {
    date: () => DATE.format(at(seconds)), date_num: () => NUMERIC.format(at(seconds)).split("/").reverse().join("-"),
    date_slash: () => NUMERIC.format(at(seconds)), date_short: () => SHORT.format(at(seconds)),
    date_long: () => LONG.format(at(seconds)), date_long_full: () => LONG.format(at(seconds)),
    date_pretty: () => pretty(DATE), date_short_pretty: () => pretty(SHORT), date_long_pretty: () => pretty(LONG),
    day_divider_pretty: () => pretty(LONG), time: () => clock(seconds), time_secs: () => clockSeconds(seconds),
    ago: () => relative(seconds),
  };
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => tokens[name]?.() ?? whole);
}

// ---- the values of the native date fields ----
const two = (value) => String(value).padStart(2, "0");

export function toLocalField(seconds) {
  const date = at(Number(seconds));
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export const fromLocalField = (text) => (text ? String(Math.floor(new Date(text).getTime() / 1000)) : null);
