// The `rich_text` block as a virtual tree: sections, lists, quotes, code, and the elements inside them.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcast, channelMention, dateTime, groupMention, link, safeUrl, user } from "./mrkdwn.js";

const STYLE_TAGS = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

const ELEMENTS = {
  text: (element) => element.text ?? "",
  link: (element) => (safeUrl(element.url) ? link(safeUrl(element.url), element.text || element.url) : element.text
    || element.url || ""),
  user: (element) => user(element.user_id),
  usergroup: (element) => groupMention(element.usergroup_id),
  channel: (element) => channelMention(element.channel_id),
  team: (element) => h("span", { class: "mention" }, element.team_id),
  broadcast: (element) => broadcast(element.range),
  emoji: (element) => emoji(element.name) ?? `:${element.name}:`,
  date: (element) => dateTime(element.timestamp, element.format ?? "{date_long}", element.url, element.fallback),
  color: (element) => h("span", { class: "colour" }, h("i", { style: { background: hexColour(element.value) } }),
    element.value),
};

export const hexColour = (value) => (/^#?[0-9a-fA-F]{3,8}$/.test(value ?? "") ? `#${String(value).replace("#", "")}`
  : "transparent");

const BODIES = {
  rich_text_section: (body) => h("div", { class: "line", dir: "auto" }, inline(body.elements)),
  rich_text_preformatted: (body) => h("pre", {}, inline(body.elements)),
  rich_text_quote: (body) => h("blockquote", {}, h("div", { class: "line", dir: "auto" }, inline(body.elements))),
  rich_text_list: (body) =>
    h(body.style === "ordered" ? "ol" : "ul", { class: body.border ? "bordered" : null,
      style: { "--depth": String(body.indent ?? 0) },
      start: body.style === "ordered" ? (body.offset ?? 0) + 1 : null },
      (body.elements ?? []).map((item) => h("li", {}, inline(item.elements)))),
};

function inline(elements) {
  return (elements ?? []).map((element) => {
    const drawn = ELEMENTS[element.type]?.(element) ?? element.text ?? "";
    return Object.entries(STYLE_TAGS).reduce((inner, [style, tag]) =>
      (element.style?.[style] ? h(tag, {}, inner) : inner), drawn);
  });
}

/** Draws a rich_text block. Returns a list of virtual nodes. */
export const richText = (block) => (block.elements ?? []).map((body) => BODIES[body.type]?.(body) ?? null);
