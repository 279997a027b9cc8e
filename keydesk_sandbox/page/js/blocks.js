// Block Kit blocks as a virtual tree. One function per block type; an unknown type says so instead of vanishing.

import { chart } from "./chart.js";
import { domId, drawElement } from "./elements.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { plain, text } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { setUi, ui } from "./store.js";
import { tr } from "./words.js";

const hook = (block) => ({ "data-block-id": block.block_id, "data-block-type": block.type });

// The page never fetches a picture from outside: it works offline, and a picture could tell who looked.
function picture(block, size) {
  return h("span", { class: `picture ${size}`, role: "img", "aria-label": block.alt_text || "Image",
    title: block.image_url }, icon("image", size === "small" ? 14 : 22),
    size !== "small" && h("span", {}, block.alt_text || "Image"));
}

const accessory = (place, block) => {
  const element = block.accessory;
  if (!element) return null;
  return h("div", { class: "accessory" }, element.type === "image" ? picture(element, "medium")
    : drawElement(place, block, element));
};

function section(place, block) {
  return h("div", { class: "block section", ...hook(block) },
    h("div", { class: "section-body" },
      block.text && h("div", { class: "text" }, text(block.text)),
      block.fields?.length > 0 && h("div", { class: "fields" },
        block.fields.map((field) => h("div", { class: "text" }, text(field))))),
    accessory(place, block));
}

const header = (_, block) => h("h3", { class: "block header", ...hook(block) }, plain(block.text));
const divider = (_, block) => h("hr", { class: "block", ...hook(block) });

const context = (_, block) => h("div", { class: "block context", dir: "auto", ...hook(block) },
  (block.elements ?? []).map((element) => (element.type === "image" ? picture(element, "small")
    : h("div", { class: "text" }, text(element)))));

const actions = (place, block) => h("div", { class: "block actions", ...hook(block) },
  (block.elements ?? []).map((element) => drawElement(place, block, element)));

const image = (_, block) => h("figure", { class: "block", ...hook(block) },
  block.title && h("figcaption", {}, plain(block.title)), picture(block, "large"));

function input(place, block) {
  const { element } = block;
  const id = domId(place, block);
  const error = place.errors?.[block.block_id];
  const native = !["checkboxes", "radio_buttons"].includes(element.type) && !element.type.endsWith("_select");
  const described = [block.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || null;
  const field = { id: native ? id : null, labelId: `${id}-label`, describedBy: described, invalid: Boolean(error),
    enter: place.enter };
  return h("div", { class: error ? "block input invalid" : "block input", dir: "auto", ...hook(block),
    key: `${block.block_id} ${element.action_id}` },
    h("div", { class: "label-row" }, h(native ? "label" : "span",
      { class: "label", for: native ? id : null, id: `${id}-label` }, plain(block.label)),
      block.optional && h("span", { class: "optional" }, tr("(optional)"))),
    drawElement(place, block, element, field),
    block.hint && h("p", { class: "hint", id: `${id}-hint` }, plain(block.hint)),
    error && h("p", { class: "error", id: `${id}-error`, role: "alert" }, icon("warn", 14), plain(error)));
}

const rich = (_, block) => h("div", { class: "block rich", ...hook(block) }, richText(block));
const md = (_, block) => h("div", { class: "block md", ...hook(block) }, markdown(block.text ?? ""));

// ---- tables ----
function cell(one) {
  if (one.type === "rich_text") return richText(one);
  if (one.type === "raw_number") return String(one.text ?? one.value ?? one.number ?? "");
  return plain(one);
}

function table(_, block) {
  const [head, ...rows] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  const place = (index) => ({ class: [`align-${settings[index]?.align ?? "left"}`,
    settings[index]?.is_wrapped && "wrapped"].filter(Boolean).join(" ") });
  return h("div", { class: "block table-frame", ...hook(block) },
    block.caption && h("p", { class: "hint" }, plain(block.caption)), h("table", {},
    h("thead", {}, h("tr", {}, (head ?? []).map((one, index) => h("th", place(index), cell(one))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((one, index) => h("td", place(index), cell(one))))))));
}

// A data table pages through its rows where it is seen, and sorts them by a column that is clicked.
const sortable = (one) => (one.type === "raw_number" ? one.value
  : one.type === "rich_text" ? JSON.stringify(one.elements) : one.text ?? "");

function dataTable(place, block) {
  const [head, ...rows] = block.rows ?? [];
  const name = `table ${place.id} ${block.block_id}`;
  const size = block.page_size ?? 5;
  const { column, down, page } = ui(name, { column: -1, down: false, page: 0 });
  const sorted = column < 0 ? rows : [...rows].sort((one, other) => {
    const [a, b] = [sortable(one[column]), sortable(other[column])];
    return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
  });
  const last = Math.max(0, Math.ceil(rows.length / size) - 1);
  const go = (change) => () => setUi(name, { column, down, page, ...change });
  const turn = (label, to) => h("button", { type: "button", class: "button tiny", disabled: to < 0 || to > last,
    onclick: go({ page: to }) }, label);
  return h("div", { class: "block table-frame", ...hook(block) }, h("table", { "aria-label": block.caption },
    h("thead", {}, h("tr", {}, (head ?? []).map((one, index) => h("th", {
      "aria-sort": index === column ? (down ? "descending" : "ascending") : null },
      h("button", { type: "button", class: "sort", onclick: go({ column: index, down: index === column && !down,
        page: 0 }) }, cell(one), index === column ? (down ? " ↓" : " ↑") : ""))))),
    h("tbody", {}, sorted.slice(page * size, (page + 1) * size).map((row) =>
      h("tr", {}, row.map((one) => h("td", {}, cell(one))))))),
    last > 0 && h("div", { class: "actions" }, turn("‹", page - 1),
      h("span", { class: "hint" }, `${page + 1} / ${last + 1}`), turn("›", page + 1)));
}

// ---- newer blocks ----
const ALERT_ICONS = { success: "check", warning: "warn", error: "warn" };
const alert = (_, block) => h("div",
  { class: `block alert ${["info", "warning", "error", "success"].includes(block.level) ? block.level : "default"}`,
  role: "note", ...hook(block) },
  icon(ALERT_ICONS[block.level] ?? "info", 16), h("div", { class: "text" }, text(block.text)));

const card = (place, block) => h("div", { class: "block card", ...hook(block) },
  block.hero_image && picture(block.hero_image, "large"),
  h("div", { class: "card-head" }, block.icon && picture(block.icon, "small"),
    h("div", {}, block.title && h("strong", {}, text(block.title)),
    block.subtitle && h("div", { class: "hint" }, text(block.subtitle)))),
  block.body && h("div", { class: "text" }, text(block.body)),
  block.actions?.length > 0 && h("div", { class: "actions" },
    block.actions.map((element) => drawElement(place, block, element))));

function container(place, block) {
  const name = `container ${place.id} ${block.block_id}`;
  const closed = block.is_collapsible && ui(name, Boolean(block.default_collapsed));
  const title = block.rich_text_title ? richText(block.rich_text_title) : h("strong", {}, plain(block.title));
  return h("section", { class: "block card", ...hook(block) },
    h("div", { class: "card-head" }, block.is_collapsible
      && h("button", { type: "button", class: "fold", "aria-expanded": String(!closed),
      "aria-label": closed ? "Expand" : "Collapse", onclick: () => setUi(name, !closed) },
      icon(closed ? "right" : "down", 14)),
      h("div", {}, title, block.subtitle && h("div", { class: "hint" }, text(block.subtitle)))),
    !closed && drawBlocks(place, block.child_blocks));
}

const task = (_, block) => h("div", { class: "block card" , ...hook(block) }, h("strong", {}, plain(block.title)),
  h("span", { class: "hint" }, block.status));
const unknown = (_, block) => h("div", { class: "block unknown", ...hook(block) },
  `This page does not draw “${block.type}” blocks.`);

const DRAWN = {
  section, header, divider, context, actions, image, input, rich_text: rich, markdown: md, table, data_table: dataTable,
    alert, card, container, data_visualization: chart(hook),
  context_actions: actions, task_card: task, carousel: (place, block) =>
    h("div", { class: "block carousel", ...hook(block) },
    (block.elements ?? block.cards ?? []).map((one) => card(place, one))),
};

/** Draws blocks in a place (see values.js). A block that cannot be drawn does not take the others with it. */
export const drawBlocks = (place, blocks) => (blocks ?? []).map((block) => {
  try {
    return (DRAWN[block.type] ?? unknown)(place, block);
  } catch (error) {
    console.warn("A block could not be drawn", block, error);
    return unknown(place, block);
  }
});
