// Puts the page together: who and where from the address, one draw for every change, the keys of the keyboard.

import { dismissComplaint, listen, post, refresh, refreshGateway } from "./api.js";
import { closeConfirm, drawConfirm } from "./confirm.js";
import { composer } from "./composer.js";
import { h, render } from "./dom.js";
import { gatewayPanel } from "./gateway.js";
import { home } from "./home.js";
import { icon } from "./icons.js";
import { messageList } from "./messages.js";
import { closeModal, drawModals, modalOpen, showFirstError } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";
import { closePopover, drawPopover, installPopover } from "./popover.js";
import { hrefFor, sidebar } from "./sidebar.js";
import { channel, channelName, choosePanel, dismissHint, hintWanted, isAppDm, markSeen, onChange, panelChoice, personName,
  roles, store,
  ui } from "./store.js";
import { locale, parts, tr } from "./words.js";

const WIDE = 1180; // from here on the gateway panel is open unless it was closed by hand
const NEAR_END = 120; // pixels: who is this close to the end wants to stay there

const root = document.getElementById("app");
const panelOpen = () => (window.innerWidth >= WIDE ? panelChoice() !== "closed" : ui("panel narrow", false));

// ---- the middle pane ----
function middle() {
  if (store.place === "home") return home();
  const one = channel(store.place);
  if (!one) return h("main", { class: "middle" }, store.state.me === store.me &&
    h("div", { class: "nothing" }, h("p", {}, "This person is not in any channel.")));
  return h("main", { class: "middle", key: `channel ${one.id}`, "data-testid": "channel-view", "data-channel": one.id },
    channelHeader(one),
    h("div", { class: "scroll messages", "data-scroll": `${store.me} ${one.id}`, role: "log",
      "aria-label": `Messages in ${channelName(one)}`, tabindex: "-1" },
      one.messages.length ? messageList(one) : h("div", { class: "nothing" }, icon("hash", 28),
        h("p", {}, tr("Nothing has been said in {where} yet.", { where: channelName(one) })))),
    firstSteps(), notices(), composer(one));
}

function channelHeader(one) {
  const app = isAppDm(one);
  return h("header", { class: "channel-header" },
    h("h1", {}, one.kind === "dm" ? null : icon(one.is_private ? "lock" : "hash", 17), channelName(one),
      one.is_ext_shared && h("span", { class: "badge outsider" }, "shared")),
    one.topic && h("div", { class: "topic" }, mrkdwn(one.topic)),
    app && h("nav", { class: "tabs", "aria-label": "App" }, h("a", { href: hrefFor(store.me, "home") }, tr("Home")),
      h("a", { class: "here", "aria-current": "page", href: hrefFor(store.me, one.id) }, tr("Messages"))));
}

function firstSteps() {
  if (!hintWanted()) return null;
  const somebody = (role) => {
    const one = store.state.people.find((each) => roles(each).includes(role));
    return one ? tr(`{name}, the ${role}`, { name: personName(one) }) : `somebody who is ${role}`;
  };
  return h("div", { class: "first-steps", role: "note", "data-testid": "first-steps" },
    h("div", {}, h("strong", {}, tr("First steps")),
      h("ol", {}, h("li", {}, parts("Type {command} as {who}, and ask for a key.",
        { command: h("code", { dir: "ltr" }, "/apikey new"), who: somebody("engineer") })),
        h("li", {}, tr("Switch to {who}, at the top left, and decide in the channel.", { who: somebody("manager") })),
        h("li", {}, tr("Watch the key appear at the gateway on the right; then let something go wrong there.")))),
    h("button", { type: "button", class: "ghost", "aria-label": "Dismiss the first steps", onclick: dismissHint },
      icon("close", 15)));
}

function notices() {
  const shown = [...(store.state.notices ?? []).map((one) =>
    ({ ...one, dismiss: () => post("dismiss", { id: one.id }) })),
    ...ui("complaints", []).map((one) => ({ ...one, dismiss: () => dismissComplaint(one.id) }))];
  return h("div", { class: "notices", "aria-live": "polite" }, shown.map((one) =>
    h("div", { class: "notice", role: "alert", key: one.id, "data-testid": "notice" }, icon("warn", 15),
      h("span", {}, one.text),
      h("button", { type: "button", class: "ghost", "aria-label": "Dismiss", onclick: one.dismiss },
        icon("close", 14)))));
}

// ---- drawing ----
let wasBehind = false; // after the last modal has closed, typing goes on in the channel

function draw() {
  if (!store.state) return render(root, h("div", { class: "loading" },
    store.online ? "Opening the sandbox…" : "The sandbox does not answer. Trying again…"));
  document.documentElement.lang = locale().split("-u-")[0];
  settlePlace();
  const stick = scrollKeeper();
  const open = panelOpen();
  const behind = modalOpen() || Boolean(ui("confirm"));
  render(root,
    h("div", { class: open ? "app with-panel" : "app", inert: behind, "aria-hidden": behind ? "true" : null },
      sidebar(), middle(), open ? gatewayPanel() : panelHandle()),
    !store.online && h("div", { class: "offline", role: "alert" }, "The sandbox does not answer. Trying again…"),
    drawModals(), drawConfirm(), drawPopover());
  stick();
  showFirstError();
  if (wasBehind && !behind
    && document.activeElement === document.body) document.querySelector("[data-testid=composer]")?.focus();
  wasBehind = behind;
  document.title = title();
  return undefined;
}

const panelHandle = () => h("button", { type: "button", class: "panel-handle", "aria-label": "Show the gateway panel",
  onclick: () => choosePanel("open") }, icon("panel", 16), h("span", {}, "Gateway"));

function title() {
  const where = store.place === "home" ? "App Home" : channel(store.place) ? channelName(channel(store.place)) : "";
  return `${where} · Keydesk sandbox`;
}

// A channel opens at its end and stays there while one is there; who has scrolled up is left in peace.
const ends = new Set();

function scrollKeeper() {
  const before = document.querySelector("[data-scroll]");
  if (before) {
    const atEnd = before.scrollHeight - before.scrollTop - before.clientHeight < NEAR_END;
    ends[atEnd ? "add" : "delete"](before.dataset.scroll);
  }
  return () => {
    const after = document.querySelector("[data-scroll]");
    if (!after) return;
    const fresh = after.dataset.scroll !== before?.dataset.scroll || after !== before;
    if (fresh || ends.has(after.dataset.scroll)) after.scrollTop = after.scrollHeight;
    const one = channel(store.place);
    if (one && !document.hidden) markSeen(one);
  };
}

// ---- who and where: #U…/C… ----
function settlePlace() {
  const { channels, me } = store.state;
  if (me !== store.me) return; // somebody else's state: who was switched to may be in other channels
  if (store.place === "home" || channels.some((one) => one.id === store.place)) return;
  store.place = (channels.find((one) => one.kind !== "dm") ?? channels[0])?.id ?? null;
}

function readAddress() {
  const [who, place] = location.hash.replace(/^#/, "").split("/").map(decodeURIComponent);
  const before = store.me;
  const wasAt = store.place;
  if (who) store.me = who;
  if (place) store.place = place;
  closePopover({ refocus: false });
  if (who && who !== before) void refresh();
  if (store.place === "home" && (wasAt !== "home" || who !== before) && store.me) void post("home", {});
  onChanged();
}

const onChanged = () => draw();

// ---- keyboard ----
function escape(event) {
  if (event.key !== "Escape" || event.isComposing) return;
  if (closePopover() || closeConfirm()) event.preventDefault();
  else if (modalOpen()) {
    event.preventDefault();
    void closeModal();
  }
}

onChange(draw);
installPopover();
document.addEventListener("keydown", escape);
window.addEventListener("hashchange", readAddress);
window.addEventListener("resize", draw);
readAddress();
await refresh();
if (!location.hash && store.me) history.replaceState(null, "", hrefFor(store.me, store.place));
void refreshGateway();
listen();
