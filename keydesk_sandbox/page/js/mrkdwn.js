// Slack's mrkdwn as a virtual tree. All text is a stranger's: it becomes text nodes, and a link only if it is
// http(s) or mailto. `&amp; &lt; &gt;` are the only escapes, and they are undone last, so that what was
// escaped can never act as markup.

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { channel, channelName, group, person, personName } from "./store.js";
import { full, slackDate } from "./time.js";

const CODE = /^`([^`\n]+)`/;
const ENTITY = /^<([^<>\n]+)>/;
const STYLES = { "*": "strong", _: "em", "~": "s" };
const LONGEST_STYLED = 1500; // beyond this a delimiter is taken as it stands: no text can make the page think long
const BARE_URL = /https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g;

export const unescape = (text) => text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);

/** Only addresses that cannot run code. Anything else gives null and is shown as text. */
export function safeUrl(text) {
  const url = unescape(text ?? "").trim();
  return /^(https?:\/\/|mailto:|tel:)/i.test(url) ? url : null;
}

export const link = (url, label) => h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);

/** A text object, `{type, text, emoji?, verbatim?}`, or a bare string taken as mrkdwn. */
export function text(object) {
  if (!object) return [];
  if (typeof object === "string") return mrkdwn(object);
  if (object.type === "plain_text") return [plain(object)];
  return mrkdwn(object.text ?? "", { verbatim: object.verbatim });
}

/** A plain_text object as one string. */
export function plain(object) {
  const raw = unescape(typeof object === "string" ? object : object?.text ?? "");
  return object?.emoji === false ? raw : withEmoji(raw);
}

/** Blocks of code, quotes and lines. Returns a list of virtual nodes. */
export function mrkdwn(source, options = {}) {
  return String(source)
    .split(/```/)
    .flatMap((piece, index, all) => {
      const code = index % 2 === 1;
      if (code && index < all.length - 1) return h("pre", {}, unescape(trimLine(piece)));
      return lines(code ? `\`\`\`${piece}` : piece, options);
    });
}

const trimLine = (piece) => piece.replace(/^\n/, "").replace(/\n$/, "");

function lines(source, options) {
  if (source.trim() === "") return [];
  const nodes = [];
  let quote = null;
  const rows = trimLine(source).split("\n");
  for (const [index, row] of rows.entries()) {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(row);
    if (quoted && /^(?:&gt;|>){3}/.test(row)) {
      const rest = [row.replace(/^(?:&gt;|>){3}\s?/, ""), ...rows.slice(index + 1)];
      nodes.push(h("blockquote", { dir: "auto" }, rest.map((each) => line(each, options))));
      break;
    }
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote", { dir: "auto" })));
      quote.children.push(line(quoted[1], options));
    } else {
      quote = null;
      nodes.push(line(row, options));
    }
  }
  return nodes;
}

// A line that begins like a list item hangs under its bullet when it wraps.
function line(row, options) {
  const item = /^(\s*)(•|◦|-|\d{1,3}\.)\s+(.*)$/.exec(row);
  if (!item) return h("div", { class: row.trim() ? "line" : "line blank", dir: "auto" }, inline(row, options));
  return h("div", { class: "line item", dir: "auto", style: { "--depth": String(Math.min(item[1].length >> 1, 4)) } },
    h("span", { class: "bullet" }, item[2] === "-" ? "•" : item[2]), h("span", {}, inline(item[3], options)));
}

/** Bold, italic, strike, code, links and mentions within one line. */
export function inline(source, options = {}) {
  const nodes = [];
  let from = 0;
  let index = 0;
  const flush = () => nodes.push(...leaf(source.slice(from, index), options));
  while (index < source.length) {
    const found = at(source, index, options);
    if (found) {
      flush();
      nodes.push(found.node);
      index += found.length;
      from = index;
    } else index += 1;
  }
  flush();
  return nodes;
}

function at(source, index, options) {
  const sign = source[index];
  if (sign === "`") {
    const code = CODE.exec(source.slice(index));
    return code && { node: h("code", {}, unescape(code[1])), length: code[0].length };
  }
  if (sign === "<") {
    const found = ENTITY.exec(source.slice(index));
    return found && { node: entity(found[1], options), length: found[0].length };
  }
  return sign in STYLES ? styled(source, index, sign, options) : null;
}

const isWord = (sign) => sign !== undefined && /[\p{L}\p{N}]/u.test(sign);

function styled(source, index, sign, options) {
  const first = source[index + 1];
  if (isWord(source[index - 1]) || source[index - 1] === sign || !first || first === sign
    || /\s/.test(first)) return null;
  const limit = Math.min(source.length, index + LONGEST_STYLED);
  for (let end = index + 2; end < limit; end += 1) {
    if (source[end] !== sign || /\s/.test(source[end - 1]) || isWord(source[end + 1])
      || source[end + 1] === sign) continue;
    return { node: h(STYLES[sign], {}, inline(source.slice(index + 1, end), options)), length: end - index + 1 };
  }
  return null;
}

function leaf(raw, { verbatim } = {}) {
  if (!raw) return [];
  if (verbatim) return [withEmoji(unescape(raw))];
  const nodes = [];
  let from = 0;
  for (const found of raw.matchAll(BARE_URL)) {
    const url = unescape(found[0]);
    nodes.push(withEmoji(unescape(raw.slice(from, found.index))), link(url, url));
    from = found.index + found[0].length;
  }
  nodes.push(withEmoji(unescape(raw.slice(from))));
  return nodes;
}

// What stands between < and >: a mention, a date, or a link with an optional label.
function entity(body, options) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? null : body.slice(bar + 1);
  if (target.startsWith("@")) return user(target.slice(1), label);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!")) return special(target.slice(1), label);
  const url = safeUrl(target);
  if (!url) return h("span", {}, unescape(`<${body}>`));
  return link(url, label ? inline(label, { ...options, verbatim: true }) : url.replace(/^mailto:/i, ""));
}

export function user(id, label) {
  const one = person(id);
  // A name has a direction of its own; in bdi it turns neither its line nor what stands beside it.
  return h("bdi", { class: "mention", title: id }, `@${one ? personName(one) : label || id}`);
}

export function channelMention(id, label) {
  const one = channel(id);
  return h("bdi", { class: "mention", title: id }, `#${one ? channelName(one) : label || id}`);
}

export function groupMention(id, label) {
  const one = group(id);
  return h("bdi", { class: "mention", title: id },
    one ? `@${one.handle || one.name}` : label ? unescape(label) : `@${id}`);
}

export const broadcast = (range) => h("span", { class: "mention loud" }, `@${range}`);

export function dateTime(seconds, pattern, url, fallback) {
  if (!Number.isFinite(seconds) || seconds <= 0) return h("span", {}, fallback ?? "");
  const shown = slackDate(seconds, pattern);
  return h("time", { title: full(seconds) }, safeUrl(url) ? link(safeUrl(url), shown) : shown);
}

function special(body, label) {
  const [name, ...rest] = body.split("^");
  if (name === "date") return dateTime(Number(rest[0]), rest[1] ?? "{date}", rest[2], unescape(label ?? ""));
  if (name === "subteam") return groupMention(rest[0], label);
  if (["here", "channel", "everyone"].includes(name)) return broadcast(name);
  return h("span", {}, unescape(label ?? `<!${body}>`));
}
