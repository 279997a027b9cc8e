// The `markdown` block: ordinary Markdown as a virtual tree. No HTML passes through: tags are shown as text.

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { link, safeUrl } from "./mrkdwn.js";

const INLINE = [
  [/^`([^`]+)`/, (found) => h("code", {}, found[1])],
  [/^!?\[([^\]\n]{1,300})\]\(([^()\s]{1,2000})\)/,
    (found) => (safeUrl(found[2]) ? link(safeUrl(found[2]), inline(found[1])) : h("span", {}, found[0]))],
  [/^\*\*(?=\S)([^\n]{1,800}?\S?)\*\*/, (found) => h("strong", {}, inline(found[1]))],
  [/^__(?=\S)([^\n]{1,800}?\S?)__/, (found) => h("strong", {}, inline(found[1]))],
  [/^\*(?=[^\s*])([^*\n]{1,800})\*/, (found) => h("em", {}, inline(found[1]))],
  [/^_(?=[^\s_])([^_\n]{1,800})_(?![\p{L}\p{N}])/u, (found) => h("em", {}, inline(found[1]))],
  [/^~~([^~\n]{1,800})~~/, (found) => h("s", {}, inline(found[1]))],
  [/^https?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:!?]/, (found) => link(found[0], found[0])],
];

function inline(source) {
  const nodes = [];
  let plain = "";
  let index = 0;
  while (index < source.length) {
    const rest = source.slice(index, index + 2500);
    const inWord = source[index] === "_" && /[\p{L}\p{N}]/u.test(source[index - 1] ?? "");
    const [found, draw] = (/[`![*_~h]/.test(rest[0]) && !inWord && first(rest)) || [];
    if (!found) {
      if (rest[0] === "\\" && /[\\`*_{}[\]()#+.!~>|-]/.test(rest[1] ?? "")) index += 1;
      plain += source[index] ?? "";
      index += 1;
      continue;
    }
    nodes.push(withEmoji(plain), draw(found));
    plain = "";
    index += found[0].length;
  }
  return [...nodes, withEmoji(plain)];
}

function first(rest) {
  for (const [pattern, draw] of INLINE) {
    const found = pattern.exec(rest);
    if (found) return [found, draw];
  }
  return null;
}

// Each kind of block: does it begin here, and how many lines does it take?
const BLOCKS = [
  [/^```/, fence], [/^#{1,6}\s/, heading], [/^\s*([-*_])(\s*\1){2,}\s*$/, rule], [/^>/, quote],
  [/^\s*([-*+]|\d{1,9}[.)])\s/, list], [/^\s*\|.*\|\s*$/, table],
];

/** Draws a whole Markdown text. Returns a list of virtual nodes. */
export function markdown(source) {
  const rows = String(source).split("\n");
  const nodes = [];
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) nodes.push(h("p", {}, paragraph.flatMap((row, index) =>
      [index ? h("br") : "", inline(row)])));
    paragraph = [];
  };
  for (let index = 0; index < rows.length; ) {
    const kind = BLOCKS.find(([pattern]) => pattern.test(rows[index]));
    if (!kind) {
      if (rows[index].trim()) paragraph.push(rows[index]);
      else flush();
      index += 1;
      continue;
    }
    flush();
    const [node, taken] = kind[1](rows.slice(index));
    nodes.push(node);
    index += taken;
  }
  flush();
  return nodes;
}

function fence(rows) {
  const end = rows.findIndex((row, index) => index > 0 && row.startsWith("```"));
  const last = end < 0 ? rows.length : end;
  return [h("pre", {}, rows.slice(1, last).join("\n")), last + 1];
}

function heading(rows) {
  const [, signs, body] = /^(#{1,6})\s+(.*?)#*\s*$/.exec(rows[0]) ?? [null, "#", rows[0]];
  return [h(`h${Math.min(signs.length + 2, 6)}`, { class: `md-h${signs.length}` }, inline(body)), 1];
}

function rule() {
  return [h("hr"), 1];
}

function quote(rows) {
  const count = taken(rows, (row) => row.startsWith(">"));
  return [h("blockquote", {}, markdown(rows.slice(0, count).map((row) => row.replace(/^>\s?/, "")).join("\n"))), count];
}

function taken(rows, belongs) {
  const end = rows.findIndex((row) => !belongs(row));
  return end < 0 ? rows.length : end;
}

const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;

function list(rows) {
  const count = taken(rows, (row) => ITEM.test(row) || /^\s{2,}\S/.test(row));
  return [nest(rows.slice(0, count)), count];
}

function nest(rows) {
  const [, indent, number] = ITEM.exec(rows[0]);
  const items = [];
  for (const row of rows) {
    const found = ITEM.exec(row);
    if (found && found[1].length <= indent.length) items.push({ body: found[3], below: [] });
    else items.at(-1)?.below.push(row);
  }
  const draw = ({ body, below }) => {
    const task = /^\[([ xX])\]\s+(.*)$/.exec(body);
    const box = task && h("input", { type: "checkbox", disabled: true, checked: task[1] !== " " });
    const rest = below.length > 0 && (ITEM.test(below[0]) ? nest(below)
      : inline(` ${below.map((row) => row.trim()).join(" ")}`));
    return h("li", { class: task ? "task" : null }, box, inline(task ? task[2] : body), rest);
  };
  return h(number ? "ol" : "ul", number ? { start: number } : {}, items.map(draw));
}

function table(rows) {
  const count = taken(rows, (row) => /^\s*\|.*\|\s*$/.test(row));
  const cells = rows.slice(0, count).map((row) => row.trim().slice(1, -1).split("|").map((cell) => cell.trim()));
  const ruled = cells[1]?.every((cell) => /^:?-+:?$/.test(cell));
  const body = (ruled ? cells.slice(2) : cells).map((row) => h("tr", {}, row.map((cell) => h("td", {}, inline(cell)))));
  const head = ruled && h("thead", {}, h("tr", {}, cells[0].map((cell) => h("th", {}, inline(cell)))));
  return [h("div", { class: "table-frame" }, h("table", {}, head, h("tbody", {}, body))), count];
}
