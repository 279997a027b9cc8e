// Where one writes: Enter sends, Shift+Enter makes a line, "/" offers the commands, the lightning the shortcuts.

import { post } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { menu, popoverContent, toggle } from "./popover.js";
import { channelName, me, setUi, store, ui } from "./store.js";
import { tr } from "./words.js";

const SHUT = { deactivated: "This account is deactivated: it can read nothing new and send nothing." };

/** Draws the field for a channel, or for a thread in it. */
export function composer(channel, { thread = null, focus = false } = {}) {
  const id = `draft ${store.me} ${channel.id} ${thread ?? ""}`;
  const shut = channel.is_archived ? "This channel is archived." : SHUT[me()?.kind];
  if (shut) return h("div", { class: "composer shut" }, shut);
  const name = channel.kind === "dm" ? channelName(channel) : `#${channel.name}`;
  const where = thread ? tr("Reply…") : tr("Message {where}", { where: name });
  const draft = ui(id, "");
  const found = thread ? [] : offers(draft);
  const active = Math.min(ui("offer", 0), found.length - 1);
  const send = () => say(channel, thread, id);
  return h("div", { class: thread ? "composer small" : "composer" },
    found.length > 0 && offerList(found, active, id),
    usage(draft, found, thread),
    h("div", { class: "composer-box", key: "box" },
      !thread && lightning(),
      h("textarea", { key: id, rows: 1, class: "composer-text", value: draft, placeholder: where,
        "aria-label": thread ? "Reply in thread" : where, spellcheck: "false",
        "data-testid": thread ? "reply-composer" : "composer",
          onmount: (element) => { grow(element); if (focus) element.focus(); },
        oninput: (event) => { setUi(id, event.target.value); setUi("offer", 0); grow(event.target); },
        onkeydown: (event) => keys(event, { found, active, id, send }) }),
      h("button", { type: "button", class: "send", "aria-label": thread ? "Send reply" : "Send",
        disabled: !draft.trim(), onclick: send }, icon("send", 18))));
}

function grow(element) {
  element.style.height = "auto";
  element.style.height = `${Math.min(element.scrollHeight, 160)}px`;
}

async function say(channel, thread, id) {
  const text = ui(id, "").trimEnd();
  if (!text.trim()) return;
  fill(id, "");
  if (!thread) toEnd(); // the answer comes there
  const answer = await post("say", { channel: channel.id, text, ...(thread ? { thread_ts: thread } : {}) });
  if (answer.ok === false && !ui(id, "")) fill(id, text); // nothing typed is lost
}

function toEnd() {
  const messages = document.querySelector("[data-scroll]");
  if (messages) messages.scrollTop = messages.scrollHeight;
}

// Sets the field at once, also while it has the focus: here it is the page that changes the text, not an update.
function fill(id, text) {
  setUi(id, text);
  for (const field of document.querySelectorAll("textarea.composer-text")) {
    if (field.vnode?.key !== id) continue;
    field.value = text;
    grow(field);
  }
}

// ---- slash commands ----
function offers(draft) {
  if (!/^\/\S*$/.test(draft)) return [];
  return (store.state.commands ?? []).filter((one) => one.command.startsWith(draft.toLowerCase())
    && one.command !== draft);
}

function offerList(found, active, id) {
  return h("div", { class: "offers", key: "offers", role: "listbox", "aria-label": "Commands" },
    found.map((one, index) =>
    h("div", { role: "option", class: index === active ? "offer active" : "offer",
      "aria-selected": String(index === active), onclick: () => take(one, id),
      onpointermove: () => index !== active && setUi("offer", index) },
      h("strong", {}, one.command), h("code", {}, one.usage_hint ?? ""), h("small", {}, one.description ?? ""))));
}

function usage(draft, found, thread) {
  const one = !thread && !found.length && (store.state.commands ?? []).find((each) => draft === each.command
    || draft.startsWith(`${each.command} `));
  return one ? h("div", { class: "usage", key: "usage" }, h("strong", {}, one.command), " ", one.usage_hint,
    h("span", {}, one.description)) : null;
}

function take(one, id) {
  fill(id, `${one.command} `);
  document.querySelector("[data-testid=composer]")?.focus();
}

function keys(event, { found, active, id, send }) {
  if (event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (found.length && step) setUi("offer", (active + step + found.length) % found.length);
  else if (found.length && (event.key === "Tab" || event.key === "Enter")) take(found[active], id);
  else if (event.key === "Enter" && !event.shiftKey) send();
  else return;
  event.preventDefault();
}

// ---- global shortcuts ----
function lightning() {
  const id = "shortcuts";
  const shortcuts = (store.state.shortcuts ?? []).filter((one) => one.type === "global");
  popoverContent(id, () => menu("Shortcuts", shortcuts.map((one) => ({
    label: one.name, detail: one.description, act: () => post("shortcut", { callback_id: one.callback_id }),
  }))));
  return h("button", { type: "button", class: "lightning", "aria-label": "Shortcuts", title: "Shortcuts",
    "aria-haspopup": "menu", onclick: (event) => toggle(id, event.currentTarget, { width: 260 }) }, icon("bolt", 17));
}
