// The tools of the gateway panel: the clock, the faults and the log of calls.

import { post } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { setUi, ui } from "./store.js";
import { clock, clockSeconds, shortDate } from "./time.js";
import { ENGLISH } from "./words.js";

const JUMPS = [["+1 h", 3600], ["+1 d", 86_400], ["+8 d", 691_200], ["+31 d", 2_678_400]];

// What can go wrong, in the words of somebody who sees it happen.
const FAULTS = [
  { name: "panic", label: "Refuse", detail: "HTTP 500, nothing is done" },
  { name: "lost_reply", label: "Lose the reply", detail: "it is done, but nobody hears of it" },
  { name: "lost_request", label: "Lose the request", detail: "the connection is cut, nothing is done" },
  { name: "hang", label: "Time out", detail: "it is done, but no answer ever comes" },
  { name: "html", label: "HTML page", detail: "a 502 page of something in between", options: { status: 502 } },
  { name: "empty_429", label: "429", detail: "too many requests, nothing is done" },
  { name: "slow", label: "Slow", detail: "the answer takes 4 seconds", options: { delay: 4 } },
  { name: "duplicate", label: "Twice", detail: "the request arrives two times" },
];

const AIMS = [
  ["any", "next call", {}],
  ["POST", "next create", { method: "POST", path: "/api/token/?.*" }],
  ["PUT", "next change", { method: "PUT", path: "/api/token/?.*" }],
  ["DELETE", "next delete", { method: "DELETE", path: "/api/token/?.*" }],
  ["GET", "next read", { method: "GET", path: "/api/token/?.*" }],
];

export function clockControls(gateway) {
  return h("section", { class: "panel-part clock" },
    h("span", { class: "clock-now", title: "The clock of Slack, the gateway and Keydesk" }, icon("clock", 15),
      `${shortDate(gateway.now, ENGLISH)}, ${clock(gateway.now, ENGLISH)}`),
    h("span", { class: "row" }, JUMPS.map(([label, seconds]) =>
      h("button", { type: "button", class: "button tiny", "aria-label": `Move the clock ${label}`, title: "Keys expire, and what waits comes nearer: reminders, requests that lapse, the end of a rotation",
        onclick: () => post("gateway/clock", { seconds }) }, label))));
}

export function faults(gateway) {
  const aim = ui("fault aim", "PUT");
  const options = AIMS.find(([id]) => id === aim)[2];
  const open = ui("faults open", roomy());
  const title = h("h3", {}, fold("faults open", open, "Let something go wrong"));
  if (!open) return h("section", { class: "panel-part" }, title, armed(gateway));
  return h("section", { class: "panel-part" }, title,
    h("label", { class: "aim" }, h("span", {}, "Strikes the"),
      h("select", { class: "field tiny", "aria-label": "Which call the fault strikes", value: aim,
      onchange: (event) => setUi("fault aim", event.target.value) },
      AIMS.map(([id, label]) => h("option", { value: id, selected: id === aim }, label)))),
    h("div", { class: "fault-grid" }, FAULTS.map((one) =>
      h("button", { type: "button", class: "button tiny", title: one.detail, "data-testid": `fault-${one.name}`,
        onclick: () => post("gateway/fault", { name: one.name, ...options, ...one.options }) }, one.label))),
    armed(gateway));
}

// Who tells the app that a key leaked. The last one is no webhook: another app posts the key into #general.
const SENDERS = [["generic", "Signed webhook"], ["github", "GitHub"], ["gitguardian", "GitGuardian"],
  ["alertmanager", "Alertmanager"], ["slack", "Message in #general"]];
const HOWS = [["full", "the whole key"], ["masked", "the key, masked"], ["unknown", "another account's key"],
  ["all", "every key at once"]];

/** “Send an alert”: `keys` are the live ones. */
export function alerts(keys) {
  const open = ui("alerts open", false);
  const title = h("h3", {}, fold("alerts open", open, "Send an alert"));
  if (!open) return h("section", { class: "panel-part" }, title);
  const key = keys.find((one) => one.id === ui("alert key", null)) ?? keys[0];
  const how = ui("alert how", "full");
  const send = (again) => sendAlert({ source: ui("alert source", "generic"), how, key_id: key?.id ?? null, again });
  return h("section", { class: "panel-part", "data-testid": "send-alert" }, title,
    choice("From", "alert source", SENDERS, "generic"),
    choice("About", "alert how", HOWS, "full"),
    !["unknown", "all"].includes(how) && choice("Key", "alert key", keys.map((one) => [one.id, `${one.name} #${one.id}`]), key?.id,
      Number),
    h("div", { class: "row" },
      h("button", { type: "button", class: "button tiny", onclick: () => send(false) }, "Send"),
      h("button", { type: "button", class: "button tiny", title: "The same alert once more: nothing new may happen",
        onclick: () => send(true) }, "Send it again"),
      h("span", { class: "hint", role: "status" }, ui("alert said", ""))));
}

/** Whoever decides looks at keys that have a reason for it; their cards are in #api-keys and #security. */
export function reviews() {
  return h("section", { class: "panel-part", "data-testid": "review" },
    h("button", { type: "button", class: "button tiny", title: "What `keydesk review start` does. Reminders come on days 7, 10 and 13, silence disables on day 15",
      onclick: () => post("gateway/review", {}) }, "Start a key review"));
}

// Who has the shift in PagerDuty, and what goes wrong there.
const SHIFTS = [["turns", "Sam and Alex take turns"], ["both", "both at once"], ["nobody", "nobody"],
  ["stranger", "somebody Slack does not know"], ["503", "PagerDuty is down"], ["401", "PagerDuty refuses the key"],
  ["hang", "PagerDuty does not answer"], ["none", "PagerDuty is well again"]];

/** Alerts call whoever is on call first; where that is not known, security stands in. */
export function onCall() {
  const open = ui("on call open", false);
  const title = h("h3", {}, fold("on call open", open, "On call"));
  if (!open) return h("section", { class: "panel-part", "data-testid": "on-call" }, title);
  return h("section", { class: "panel-part", "data-testid": "on-call" }, title,
    h("div", { class: "fault-grid" }, SHIFTS.map(([what, label]) =>
      h("button", { type: "button", class: "button tiny", onclick: () => post("gateway/oncall", { what }) }, label))));
}

function choice(label, name, options, first, read = String) {
  const chosen = ui(name, first) ?? first;
  return h("label", { class: "aim" }, h("span", {}, label),
    h("select", { class: "field tiny", "aria-label": `Alert: ${label}`, value: String(chosen),
      onchange: (event) => setUi(name, read(event.target.value)) },
    options.map(([value, text]) => h("option", { value: String(value), selected: value === chosen }, text))));
}

async function sendAlert(alert) {
  const answer = await post("gateway/alert", alert);
  const id = answer.id ? `, alert ${answer.id}` : "";
  setUi("alert said", answer.ok ? `answered ${answer.status}${id}` : "");
}

const roomy = () => window.innerHeight >= 720; // in a low window the keys come first

const fold = (name, open, label) => h("button", { type: "button", class: "fold", "aria-expanded": String(open),
  onclick: () => setUi(name, !open) }, icon(open ? "down" : "right", 13), label);

function armed(gateway) {
  if (!gateway.faults.length) return null;
  const counts = new Map();
  for (const fault of gateway.faults) counts.set(describe(fault), (counts.get(describe(fault)) ?? 0) + 1);
  return h("div", { class: "armed", role: "status", "aria-label": "Armed faults" }, icon("warn", 14),
      h("ul", {}, [...counts].map(([text, count]) =>
        h("li", { key: text }, count > 1 ? `${text}, ${count} times` : text))),
      h("button", { type: "button", class: "linklike", onclick: () => post("gateway/fault", { name: "none" }) },
        "Disarm"));
}

function describe(fault) {
  const label = FAULTS.find((one) => one.name === fault.kind)?.label ?? fault.kind;
  const aim = AIMS.find(([id]) => id === (fault.method ?? "any"))?.[1] ?? "next call";
  return `${label}: ${aim}`;
}

export function calls(gateway) {
  const open = ui("calls open", roomy());
  return h("section", { class: "panel-part" },
    h("h3", {}, fold("calls open", open, "Calls the app made"),
      h("span", { class: "count" }, String(gateway.calls.length))),
    open && h("ol", { class: "calls", "aria-label": "Calls", tabindex: "0" }, gateway.calls.map(line)));
}

function line(call) {
  const bad = call.status === null || call.status >= 400 || call.note;
  return h("li", { class: bad ? "bad" : null },
    h("time", {}, clockSeconds(call.at, ENGLISH)), h("b", { class: `method ${call.method.toLowerCase()}` }, call.method),
      h("code", { title: `${call.path}${call.query ? `?${call.query}` : ""}` }, call.path),
    h("span", { class: "status" }, call.note ? call.note.replaceAll("_", " ") : call.status === null ? "cut"
      : String(call.status)));
}
