// The messages of one channel: days, authors, threads under their parent, and what one may do with a message.

import { drawBlocks } from "./blocks.js";
import { avatar } from "./avatar.js";
import { post } from "./api.js";
import { composer } from "./composer.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { link, mrkdwn, plain, safeUrl } from "./mrkdwn.js";
import { menu, popoverContent, toggle } from "./popover.js";
import { hexColour } from "./richtext.js";
import { person, personName, setUi, store, ui } from "./store.js";
import { clock, dayName, full, relative } from "./time.js";
import { tr } from "./words.js";

const TOGETHER = 300; // seconds within which one author's messages stand under one name
const OPEN_REPLIES = 4; // a longer thread starts folded

const order = (messages) => [...messages].sort((a, b) => Number(a.ts) - Number(b.ts));
const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

/** Draws a channel's messages, oldest first. */
export function messageList(channel) {
  const all = order(channel.messages);
  const parents = new Set(all.map((message) => message.ts));
  const top = all.filter((message) => !isReply(message) || message.reply_broadcast || !parents.has(message.thread_ts));
  const nodes = [];
  let before = null;
  for (const message of top) {
    const day = dayName(Number(message.ts));
    if (!before || dayName(Number(before.ts)) !== day) nodes.push(h("div",
      { class: "day", role: "separator", key: `day ${day}` }, h("span", {}, day)));
    nodes.push(drawMessage(channel, message, { replies: all.filter((one) => isReply(one)
      && one.thread_ts === message.ts), follows: follows(before, message) }));
    before = message;
  }
  return nodes;
}

function follows(before, message) {
  if (!before || before.ephemeral !== message.ephemeral || message.blocks?.length) return false;
  const author = (one) => one.user ?? one.bot?.name;
  return author(before) === author(message) && Number(message.ts) - Number(before.ts) < TOGETHER
    && dayName(Number(before.ts)) === dayName(Number(message.ts));
}

function authorOf(message) {
  const one = person(message.user);
  if (message.bot || one?.kind === "bot") {
    const other = message.bot?.user && message.bot.user !== store.state.app?.bot_user_id;
    return { name: message.bot?.name ?? personName(one), face: avatar(null, other ? "other" : ""), app: true };
  }
  return { name: personName(one) || message.user || "Somebody",
    face: avatar(one ?? { id: message.user ?? "?", name: message.user ?? "?", kind: "member" }), who: one };
}

function drawMessage(channel, message, { replies = [], follows: compact = false, inThread = false }) {
  const author = authorOf(message);
  const place = { id: `${channel.id}/${message.ts}`, kind: "message", target: { channel: channel.id, ts: message.ts },
    values: message.state?.values ?? {}, errors: {} };
  const classes = ["message", compact && "compact", message.ephemeral && "ephemeral",
    inThread && "reply"].filter(Boolean).join(" ");
  return h("article", { class: classes, key: `m ${message.ts} ${message.ephemeral}`, "data-testid": "message",
    "data-ts": message.ts, "data-ephemeral": String(Boolean(message.ephemeral)),
    "aria-label": `${author.name}: ${message.text || "message"}`.slice(0, 120) },
    message.ephemeral && h("div", { class: "only-you" }, icon("eye", 14), tr("Only visible to you")),
    compact ? h("span", { class: "gutter-time" }, clock(Number(message.ts))) : author.face,
    h("div", { class: "message-body" },
      !compact && h("div", { class: "byline" }, h("strong", {}, author.name),
        author.app && h("span", { class: "badge app-tag" }, "APP"),
        author.who && author.who.kind !== "member" && h("span", { class: `badge ${author.who.kind}` }, author.who.kind),
        h("time", { title: full(Number(message.ts)) }, clock(Number(message.ts))),
          h("span", { class: "ago" }, relative(Number(message.ts)))),
      content(place, message),
      !inThread && thread(channel, message, replies)),
    toolbar(channel, message, inThread));
}

function content(place, message) {
  const edited = message.edited && h("span", { class: "edited" }, tr("(edited)"));
  const body = message.blocks?.length ? drawBlocks(place, message.blocks)
    : h("div", { class: "text" }, mrkdwn(message.text ?? ""));
  return h("div", { class: "content" }, body, (message.attachments ?? []).map((one, index) =>
    attachment(place, one, index)), edited);
}

function attachment(place, one, index) {
  const title = one.title && (safeUrl(one.title_link) ? link(safeUrl(one.title_link), plain(one.title))
    : plain(one.title));
  return h("div", { class: "attachment", key: `a${index}`, style: { "--bar": hexColour(one.color) } },
    one.pretext && h("div", { class: "text" }, mrkdwn(one.pretext)),
      one.author_name && h("div", { class: "hint" }, plain(one.author_name)), title && h("strong", {}, title),
    one.text && h("div", { class: "text" }, mrkdwn(one.text)),
    one.fields?.length > 0 && h("div", { class: "fields" },
      one.fields.map((field) => h("div", { class: "text" }, h("strong", {}, plain(field.title ?? "")),
      mrkdwn(field.value ?? "")))),
    drawBlocks(place, one.blocks), one.footer && h("div", { class: "hint" }, plain(one.footer)));
}

// ---- threads ----
function thread(channel, message, replies) {
  const name = `thread ${channel.id} ${message.ts}`;
  const open = ui(name, replies.length > 0 && replies.length <= OPEN_REPLIES);
  if (!replies.length && !open) return null;
  const last = replies.at(-1);
  return h("div", { class: "thread" },
    replies.length > 0 && h("button", { type: "button", class: "thread-toggle", "aria-expanded": String(Boolean(open)),
      onclick: () => setUi(name, !open) },
      icon(open ? "down" : "right", 13), h("strong", {},
        replies.length === 1 ? tr("1 reply") : tr("{count} replies", { count: replies.length })),
        h("span", { class: "hint" }, tr("last {when}", { when: relative(Number(last.ts)) }))),
    open && h("div", { class: "replies", role: "list", "aria-label": "Replies" },
      replies.map((one) => drawMessage(channel, one, { inThread: true }))),
    open && h("div", { class: "thread-composer" },
      composer(channel, { thread: message.ts, focus: ui(`${name} focus`) })));
}

function openThread(channel, ts) {
  setUi(`thread ${channel.id} ${ts} focus`, true);
  setUi(`thread ${channel.id} ${ts}`, true);
}

// ---- the menu that comes up over a message ----
function toolbar(channel, message, inThread) {
  const id = `message menu ${channel.id} ${message.ts} ${message.ephemeral}`;
  if (message.ephemeral) return null;
  const shortcuts = (store.state.shortcuts ?? []).filter((one) => one.type === "message");
  popoverContent(id, () => menu("Message shortcuts", shortcuts.map((one) => ({
    label: one.name, detail: one.description, act: () =>
      post("shortcut", { callback_id: one.callback_id, channel: channel.id, ts: message.ts }),
  }))));
  return h("div", { class: "toolbar" },
    !inThread && h("button", { type: "button", "aria-label": "Reply in thread", title: "Reply in thread",
      onclick: () => openThread(channel, message.ts) }, icon("reply")),
    h("button", { type: "button", "aria-label": "Message shortcuts", title: "Message shortcuts",
      "aria-haspopup": "menu", onclick: (event) => toggle(id, event.currentTarget, { width: 260, align: "end" }) },
      icon("dots")));
}
