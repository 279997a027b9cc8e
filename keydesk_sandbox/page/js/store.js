// What the page knows: the last state from the server, who is played, and what is open on the screen.
// Anybody may change it and call changed(); main.js draws. Knows nothing of how things look.

const SEEN = "keydesk.sandbox.seen";
const HINT = "keydesk.sandbox.hint";
const PANEL = "keydesk.sandbox.panel";

export const store = {
  me: null, // Slack user id of the person who is played
  place: null, // channel id, or "home"
  state: null, // GET state
  gateway: null, // GET gateway
  online: true,
  skew: 0, // the sandbox's clock minus the browser's, seconds: the sandbox's can be moved
  openedAt: 0, // sandbox time at which this page was opened: older messages count as read
};

const listeners = [];
let scheduled = false;

/** Calls `draw` after every change; several changes in one turn are drawn once. */
export function onChange(draw) {
  listeners.push(draw);
}

export function changed() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    for (const draw of listeners) draw();
  });
}

export const now = () => Date.now() / 1000 + store.skew;

// ---- small pieces of screen state, by name ----
const pieces = new Map();

export const ui = (name, fallback) => (pieces.has(name) ? pieces.get(name) : fallback);

export function setUi(name, value) {
  if (value === undefined) pieces.delete(name);
  else pieces.set(name, value);
  changed();
}

// ---- look-ups ----
export const person = (id) => store.state?.people.find((one) => one.id === id);
export const me = () => person(store.me);
export const channel = (id) => store.state?.channels.find((one) => one.id === id);
export const group = (id) => store.state?.groups.find((one) => one.id === id);
export const personName = (one) => one?.real_name || one?.name || "";

export function channelName(one) {
  if (one.kind !== "dm") return one.name;
  return personName(person(one.with)) || one.name || "Direct message";
}

/** True for the direct messages between the person and the app. */
export const isAppDm = (one) => one.kind === "dm" && person(one.with)?.kind === "bot";

const ROLES = [
  [/engineer|developer/i, "engineer"],
  [/manager|lead/i, "manager"],
  [/security|oncall|on-call/i, "security"],
  [/admin/i, "admin"],
];

/** What the badges beside a name say: what the person is, or the user groups the person is in. */
export function roles(one) {
  if (one.kind !== "member") return [one.kind];
  const names = (one.groups ?? []).map((id) => group(id)).filter(Boolean).map((each) => each.handle || each.name);
  const found = names.map((name) => ROLES.find(([pattern]) => pattern.test(name))?.[1] ?? name);
  return [...new Set(/\badmin/i.test(one.title ?? "") ? ["admin", ...found] : found)];
}

// ---- read and unread, kept for the life of the browser tab ----
const seen = JSON.parse(sessionStorage.getItem(SEEN) ?? "{}");

export function markSeen(one) {
  const last = one.messages.at(-1)?.ts;
  const name = `${store.me} ${one.id}`;
  if (!last || seen[name] === last) return;
  seen[name] = last;
  sessionStorage.setItem(SEEN, JSON.stringify(seen));
}

const readUntil = (who, channelId) => Number(seen[`${who} ${channelId}`] ?? store.openedAt);

export function unread(one) {
  const read = readUntil(store.me, one.id);
  return one.messages.some((message) => Number(message.ts) > read && message.user !== store.me);
}

/** How many messages call somebody who has not looked yet; in one channel or in all. */
export const pings = (one, channelId = null) => (one?.pings ?? []).filter(([where, ts]) =>
  (channelId === null || where === channelId) && Number(ts) > readUntil(one.id, where)).length;

// ---- choices kept in the browser ----
export const hintWanted = () => localStorage.getItem(HINT) !== "off";
export const panelChoice = () => localStorage.getItem(PANEL);

export function dismissHint() {
  localStorage.setItem(HINT, "off");
  changed();
}

/** "open" or "closed". In a narrow window the panel lies over the page, so it opens only when asked for. */
export function choosePanel(choice) {
  localStorage.setItem(PANEL, choice);
  setUi("panel narrow", choice === "open");
}
