// The left pane: the workspace, who is played, Home, channels and direct messages.

import { post } from "./api.js";
import { avatar } from "./avatar.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { closePopover, isOpen, popoverContent, toggle } from "./popover.js";
import { channelName, isAppDm, me, person, personName, pings, roles, store, unread } from "./store.js";
import { tr } from "./words.js";

export const hrefFor = (who, place) => `#${who}/${place ?? ""}`;

export function sidebar() {
  const channels = store.state.channels;
  const rooms = channels.filter((one) => one.kind !== "dm");
  const apps = channels.filter(isAppDm);
  const people = channels.filter((one) => one.kind === "dm" && !isAppDm(one));
  return h("nav", { class: "sidebar", "aria-label": "Workspace" },
    h("div", { class: "workspace" }, h("span", { class: "logo" }, icon("key", 18)),
      h("div", {}, h("strong", {}, store.state.team?.name ?? "Workspace"), h("small", {}, "Keydesk sandbox"))),
    switcher(),
    h("div", { class: "rooms" },
      item({ id: "home", label: tr("App Home"), mark: icon("home"), test: "home" }),
      h("h4", {}, tr("Channels")), rooms.map((one) =>
        item({ id: one.id, label: one.name, mark: icon(one.is_private ? "lock" : "hash"), fresh: unread(one),
        shared: one.is_ext_shared, faded: one.is_archived })),
      apps.length > 0 && h("h4", {}, tr("Apps")), apps.map(dm),
      people.length > 0 && h("h4", {}, tr("Direct messages")), people.map(dm)));
}

const dm = (one) => item({ id: one.id, label: channelName(one), mark: avatar(person(one.with) ?? null, "small"),
  fresh: unread(one) });

function item({ id, label, mark, fresh = false, shared = false, faded = false, test = null }) {
  const here = store.place === id;
  const calls = pings(me(), id);
  const classes = ["room", here && "here", fresh && "unread", faded && "faded"].filter(Boolean).join(" ");
  return h("a", { class: classes, key: `room ${id}`, href: hrefFor(store.me, id), "aria-current": here ? "page" : null,
    "data-testid": test ?? "channel", "data-channel": id },
    mark, h("span", { class: "room-name" }, label), shared && h("span", { class: "badge outsider" }, "shared"),
      dot(calls));
}

// Whom a message calls gets a number, as a phone would; all else that is new is bold.
const dot = (count) => count > 0 && h("span", { class: "dot", "data-testid": "pings",
  title: "Messages that call this person", "aria-label": `${count} calls` }, String(count));

// ---- who is played ----
export const badges = (one) => roles(one).map((role) => h("span", { class: `badge ${role}` }, role));

function switcher() {
  const one = me();
  popoverContent("people", () => people());
  return h("button", { type: "button", class: "switcher", "aria-haspopup": "menu",
    "aria-expanded": String(isOpen("people")), "data-testid": "person-switcher",
    onclick: (event) => toggle("people", event.currentTarget, { width: 340, tallest: 620 }) },
  one && avatar(one), h("span", { class: "switcher-name" }, h("small", {}, tr("You are")), h("strong", {}, personName(one)),
    h("span", { class: "badges" }, one && badges(one))), dot(othersCalled()), icon("down", 16));
}

const othersCalled = () => store.state.people.filter((one) => one.id !== store.me && pings(one) > 0).length;

function people() {
  const all = store.state.people.filter((one) => one.kind !== "bot");
  return [h("p", { class: "menu-note" }, "Play as. Hold Ctrl or ⌘ to open another window beside this one."),
    h("div", { role: "menu", "aria-label": "Play as", class: "menu" }, all.map((one) =>
      h("a", { role: "menuitem", class: one.id === store.me ? "menu-item person here" : "menu-item person",
        href: hrefFor(one.id, store.place), "data-testid": "person", "data-user": one.id,
        onclick: () => closePopover() },
        avatar(one), h("span", {}, h("strong", {}, personName(one)), h("small", {}, one.title || one.id)),
          h("span", { class: "badges" }, badges(one)), dot(pings(one))))),
    account(me())];
}

// What an administrator of the workspace would do to whoever is played.
function account(one) {
  if (!one || one.kind === "bot" || one.kind === "outsider") return null;
  const active = one.kind === "deactivated";
  return h("button", { type: "button", class: "linklike menu-note", "data-testid": "account",
    onclick: () => post("account", { user: one.id, active }) },
    active ? `Activate ${personName(one)}’s account again` : `Deactivate ${personName(one)}’s account, as if they had left`);
}
