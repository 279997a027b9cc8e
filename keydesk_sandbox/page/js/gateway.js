// The right pane: what the gateway really holds, beside what the app says about it. Rows flash when they change.

import { post, refreshGateway } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { alerts, calls, clockControls, faults, onCall, reviews } from "./gateway_tools.js";
import { choosePanel, setUi, store, ui } from "./store.js";
import { full, relative, shortDate } from "./time.js";
import { ENGLISH } from "./words.js";

const UNITS_PER_USD = 500_000;
const NEVER = -1;

export const units = (count) => {
  const size = Math.abs(count);
  if (size >= 1_000_000) return `${trim(count / 1_000_000)}M`;
  return size >= 10_000 ? `${trim(count / 1000)}k` : count.toLocaleString("en");
};
const trim = (value) => value.toFixed(2).replace(/\.?0+$/, "");
const dollars = (count) => `${count < 0 ? "-" : ""}$${Math.abs(count / UNITS_PER_USD).toFixed(2)}`;

export function gatewayPanel() {
  const { gateway } = store;
  return h("aside", { class: "gateway", "aria-label": "Gateway", "data-testid": "gateway" },
    h("header", { class: "channel-header" }, h("h2", {}, icon("key", 17), "Gateway"),
      gateway && h("span", { class: "profile" }, gateway.profile),
      h("button", { type: "button", class: "ghost", "aria-label": "Hide the gateway panel",
        onclick: () => choosePanel("closed") }, icon("close", 16))),
    gateway ? body(gateway) : h("p", { class: "hint pad" }, "Waiting for the gateway…"));
}

function body(gateway) {
  const live = gateway.keys.filter((key) => !key.deleted);
  const gone = gateway.keys.filter((key) => key.deleted);
  const showGone = ui("show deleted", false);
  return [
    gateway.accounts.length > 1 && accounts(gateway),
    clockControls(gateway),
    h("section", { class: "panel-part scroll keys" },
      h("h3", {}, "Keys", h("span", { class: "count" }, String(live.length)),
        h("button", { type: "button", class: "button tiny", "data-testid": "console-new",
          title: "Somebody makes a key in the gateway's console, past Keydesk",
          onclick: () => post("gateway/console", { id: null, change: { name: `console-${live.length + 1}`,
            remain_quota: 1_000_000 } }) }, "Make one in the console")),
      h("div", { role: "list", "aria-label": "Keys" }, live.map(row)),
      live.length === 0 && h("p", { class: "hint" }, "No keys yet."),
      gone.length > 0 && h("button", { type: "button", class: "linklike", "aria-expanded": String(showGone),
        onclick: () => setUi("show deleted", !showGone) }, icon(showGone ? "down" : "right", 12),
        `${gone.length} deleted`),
      showGone && h("div", { role: "list", "aria-label": "Deleted keys" }, gone.map(row))),
    alerts(live),
    onCall(),
    reviews(),
    faults(gateway),
    calls(gateway),
  ];
}

// Ids of keys are those of one account, so one account is shown at a time.
function accounts(gateway) {
  const choose = (name) => { setUi("account", name); void refreshGateway(); };
  return h("section", { class: "panel-part" }, h("label", { class: "aim" }, h("span", {}, "Account"),
    h("select", { class: "field tiny", "aria-label": "Account", value: gateway.account,
      onchange: (event) => choose(event.target.value) },
    gateway.accounts.map((name) => h("option", { value: name, selected: name === gateway.account }, name)))));
}

function row(key) {
  const flashes = ui(`flash ${key.id}`, 0);
  return h("div", { role: "listitem", class: key.deleted ? "key deleted" : "key", key: `key ${key.id}`,
    "data-testid": "key", "data-key-id": key.id, "data-state": key.state, "data-name": key.name },
    flashes > 0 && h("i", { class: "flash", key: `flash ${flashes}` }),
    h("div", { class: "key-head" }, h("strong", { title: key.name }, key.name || "(no name)"),
      h("span", { class: "key-id", title: "Id, and the last four characters of its value" }, `#${key.id} …${key.hint}`),
      h("span", { class: `state ${key.state}` }, key.state)),
    quota(key),
    facts(key),
    !key.deleted && edits(key),
    outcome(key));
}

function quota(key) {
  const total = Math.max(key.used_quota + key.remain_quota, 1);
  const share = key.unlimited_quota ? 0 : Math.min(1, Math.max(0, key.used_quota / total));
  const words = key.unlimited_quota ? `unlimited, ${units(key.used_quota)} used`
    : `${units(key.remain_quota)} left (${dollars(key.remain_quota)}), ${units(key.used_quota)} used`;
  const classes = ["bar", key.unlimited_quota && "endless", share > 0.9 && "low",
    key.remain_quota < 0 && !key.unlimited_quota && "over"].filter(Boolean).join(" ");
  return h("div", { class: "quota", title: `remain_quota ${key.remain_quota}, used_quota ${key.used_quota}` },
    h("div", { class: classes, role: "meter", "aria-label": "Quota used", "aria-valuenow": Math.round(share * 100),
      "aria-valuemin": 0, "aria-valuemax": 100 }, h("i", { style: { width: `${(share * 100).toFixed(1)}%` } })),
    h("div", { class: "quota-line" }, h("small", {}, words), !key.deleted && uses(key)));
}

const facts = (key) => h("ul", { class: "facts" }, [
  expiry(key), models(key), networks(key), key.group && `group ${key.group}`,
    key.cross_group_retry && "cross-group retry",
].filter(Boolean).map((one, index) => h("li", { key: index }, one)));

function expiry(key) {
  if (key.expired_time === NEVER) return "never expires";
  const past = key.expired_time < store.gateway.now;
  return h("time", { title: full(key.expired_time, ENGLISH) },
    `${past ? "expired" : "expires"} ${shortDate(key.expired_time, ENGLISH)}, ${relative(key.expired_time, store.gateway.now,
      ENGLISH)}`);
}

function models(key) {
  if (!key.model_limits_enabled) return "any model";
  const names = key.model_limits.split(",").filter(Boolean);
  return names.length ? ["only ", names.map((name) => h("code", { key: name }, name))] : "no model";
}

function networks(key) {
  const entries = (key.allow_ips ?? "").split("\n").filter((entry) => entry.trim());
  return entries.length ? ["from ", entries.map((entry, index) => h("code", { key: index }, entry))] : "any network";
}

// ---- using a key, as its owner's program would ----
function uses(key) {
  const use = async (count) => {
    const answer = await post("gateway/use", { id: key.id, units: count });
    if (!answer.ok) return;
    const good = { good: true, text: `Used: served, ${units(count)} charged` };
    setUi(`used ${key.id}`, answer.served ? good : { text: refusal(answer) });
  };
  const button = (label, name, count) => h("button", { type: "button", class: "button tiny", "aria-label": name,
    title: `${name}: a paid call of ${count.toLocaleString("en")} units`, onclick: () => use(count) }, label);
  return h("div", { class: "uses" }, h("span", {}, "Use"),
    button("5k", `Use 5k of ${key.name}`, 5000), button("50k", `Use 50k of ${key.name}`, 50_000),
    !key.unlimited_quota && key.remain_quota > 0 && button("all", `Use up ${key.name}`, key.remain_quota));
}

// ---- changing a key past Keydesk, as somebody in the gateway's console would ----
function edits(key) {
  const edit = (change) => post("gateway/console", { id: key.id, change });
  const button = (label, name, change) => h("button", { type: "button", class: "button tiny",
    "aria-label": `${name} ${key.name} in the console`, title: "In the gateway's console, past Keydesk",
    onclick: () => edit(change) }, label);
  return h("div", { class: "uses" }, h("span", {}, "Console"),
    !key.unlimited_quota && button("+5M", "Add 5M to", { remain_quota: key.remain_quota + 5_000_000 }),
    button("Rename", "Rename", { name: `${key.name}-x` }),
    key.status === 2 ? button("Enable", "Enable", { status: 1 }) : button("Disable", "Disable", { status: 2 }));
}

function outcome(key) {
  const said = ui(`used ${key.id}`);
  return said && h("small", { class: said.good ? "outcome good" : "outcome bad", role: "status" }, said.text);
}

function refusal({ status, code }) {
  const words = { pre_consume_token_quota_failed: "not enough quota", access_denied: "network not allowed",
    insufficient_user_quota: "account empty" };
  return `Used: refused, HTTP ${status}${words[code] ? `, ${words[code]}` : status === 401 ? ", key is dead" : ""}`;
}
