// Times as people read them, in the browser's own time zone; `now` is always the sandbox's clock.

import { now } from "./store.js";
import { ENGLISH, locale, tr } from "./words.js";

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const SECONDS = { ...CLOCK, second: "2-digit" };
const SHORT = { day: "numeric", month: "short", year: "numeric" };
const DATE = { day: "numeric", month: "long", year: "numeric" };
const LONG = { weekday: "long", ...DATE };
const NUMERIC = { year: "numeric", month: "2-digit", day: "2-digit" };
const made = new Map(); // a formatter costs more than what it is used for

function kept(kind, options, language) {
  const name = `${language} ${kind.name} ${JSON.stringify(options)}`;
  if (!made.has(name)) made.set(name, new kind(language, options));
  return made.get(name);
}

const format = (seconds, options, language = locale()) => kept(Intl.DateTimeFormat, options, language).format(at(seconds));
const ago = (count, unit, numeric, language) => kept(Intl.RelativeTimeFormat, { numeric }, language).format(count, unit);
// Name, seconds, and the count from which the unit is used: 59 days say more than 1 month.
const UNITS = [["year", 31_536_000, 2], ["month", 2_592_000, 3], ["day", 86_400, 1], ["hour", 3600, 1],
  ["minute", 60, 1]];

const at = (seconds) => new Date(seconds * 1000);
export const clock = (seconds, language) => format(seconds, CLOCK, language);
export const clockSeconds = (seconds, language) => format(seconds, SECONDS, language);
export const shortDate = (seconds, language) => format(seconds, SHORT, language);
export const full = (seconds, language) => `${format(seconds, LONG, language)}, ${format(seconds, SECONDS, language)}`;

/** "3 minutes ago", "in 2 days", "just now"; by the gateway's clock, and in English, where that is given. */
export function relative(seconds, from = now(), language = locale()) {
  const distance = seconds - from;
  for (const [unit, size, least] of UNITS) {
    // What was is rounded down, what comes to the nearest: a key made for 30 days has 29 days and 23 hours left.
    const count = distance < 0 ? Math.floor(-distance / size) : Math.round(distance / size);
    if (count >= least) return ago(distance < 0 ? -count : count, unit, "always", language);
  }
  return language === ENGLISH ? "just now" : tr("just now");
}

/** "Today", "Yesterday" or the date: the line between the days of a channel. */
export function dayName(seconds) {
  const name = near(seconds);
  return name ? name[0].toUpperCase() + name.slice(1) : format(seconds, LONG);
}

function near(seconds) {
  const day = (value) => at(value).toDateString();
  const days = [0, -1, 1].find((one) => day(seconds) === day(now() + one * 86_400));
  return days === undefined ? null : ago(days, "day", "auto", locale());
}

/** Slack's date tokens: `<!date^1700000000^{date_short} at {time}|fallback>`. An unknown token stays as it is. */
export function slackDate(seconds, pattern) {
  const pretty = (options) => near(seconds) ?? format(seconds, options);
  const tokens = {
    date: () => format(seconds, DATE), date_num: () => format(seconds, NUMERIC, ENGLISH).split("/").reverse().join("-"),
    date_slash: () => format(seconds, NUMERIC), date_short: () => shortDate(seconds),
    date_long: () => format(seconds, LONG), date_long_full: () => format(seconds, LONG),
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
