// Interactive elements and input fields. Each is drawn with its value from values.js and sends its changes there.

import { asking } from "./confirm.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plain, safeUrl, text } from "./mrkdwn.js";
import { menu, popoverContent, toggle } from "./popover.js";
import { select } from "./select.js";
import { setUi, ui } from "./store.js";
import { fromLocalField, toLocalField } from "./time.js";
import { click, send, typed, valueOf } from "./values.js";

const nameOf = (place, block, element) => `${place.id} ${block.block_id} ${element.action_id}`;
export const domId = (place, block) => `field-${place.id}-${block.block_id}`.replace(/[^\w-]/g, "_");

/** How an element outside an input block is called by assistive technology and by tests. */
function labelFor(block, element) {
  return element.accessibility_label || plain(element.placeholder) || (block.text && plain(block.text))
    || element.action_id;
}

// ---- buttons and menus ----
function button(place, block, element) {
  const busy = `busy ${nameOf(place, block, element)}`;
  const act = async () => {
    const url = safeUrl(element.url);
    if (url) window.open(url, "_blank", "noopener,noreferrer");
    setUi(busy, (ui(busy, 0) || 0) + 1);
    await click(place, block, element);
    setUi(busy, Math.max(0, ui(busy, 1) - 1) || undefined);
  };
  const style = ["primary", "danger"].includes(element.style) ? ` ${element.style}` : "";
  // Not disabled while busy: people do click twice, and the app has to live with it.
  return h("button", { type: "button", class: `button${style}`, key: `b-${block.block_id}-${element.action_id}`,
    "aria-label": element.accessibility_label,
    "aria-busy": ui(busy) ? "true" : null, "data-action-id": element.action_id, "data-block-id": block.block_id,
      onclick: () => asking(element.confirm)(act) },
  element.type === "icon_button" && icon(element.icon === "trash" ? "close" : "info", 14), plain(element.text));
}

function feedback(place, block, element) {
  return h("span", { class: "feedback" }, ["positive_button", "negative_button"].map((name) => element[name] &&
    h("button", { type: "button", class: "button", "data-action-id": element.action_id,
      onclick: () => click(place, block, element, element[name].value) }, plain(element[name].text))));
}

function overflow(place, block, element) {
  const id = `overflow ${nameOf(place, block, element)}`;
  const items = (element.options ?? []).map((one) => ({
    label: plain(one.text), detail: one.description && plain(one.description),
    act: () => asking(element.confirm)(() => {
      if (safeUrl(one.url)) window.open(safeUrl(one.url), "_blank", "noopener,noreferrer");
      void click(place, block, element, one.value);
    }),
  }));
  popoverContent(id, () => menu("More actions", items));
  return h("button", { type: "button", class: "button square", "aria-label": "More actions", "aria-haspopup": "menu",
    "data-action-id": element.action_id,
    onclick: (event) => toggle(id, event.currentTarget, { width: 230, align: "end" }) }, icon("dots"));
}

// ---- boxes to tick ----
function choices(place, block, element, { labelId, invalid }) {
  const many = element.type === "checkboxes";
  const chosen = [valueOf(place, block, element)].flat();
  const pick = (value, on) => {
    const rest = chosen.filter((one) => one !== value && one !== null);
    const next = many ? (on ? [...rest, value] : rest) : value;
    asking(element.confirm)(() => send(place, block, element, next));
  };
  return h("div", { class: "choices", role: many ? "group" : "radiogroup", "aria-labelledby": labelId,
    "aria-label": labelId ? null : labelFor(block, element), "aria-invalid": invalid ? "true" : null },
    (element.options ?? []).map((one) => h("label", { class: "choice", key: one.value },
      h("input", { type: many ? "checkbox" : "radio", name: domId(place, block) + element.action_id,
        checked: chosen.includes(one.value),
        "data-action-id": element.action_id, value: one.value,
          onchange: (event) => pick(one.value, event.target.checked) }),
      h("span", {}, h("span", { class: "choice-text" }, text(one.text)),
        one.description && h("small", {}, text(one.description))))));
}

// ---- dates ----
const DATES = {
  datepicker: { type: "date", show: (value) => value ?? "", read: (shown) => shown || null },
  timepicker: { type: "time", show: (value) => value ?? "", read: (shown) => shown || null },
  datetimepicker: { type: "datetime-local", show: (value) => (value ? toLocalField(value) : ""), read: fromLocalField },
};

function dateField(place, block, element, { id, invalid, describedBy }) {
  const kind = DATES[element.type];
  return h("input", { id, key: nameOf(place, block, element), class: "field short", type: kind.type,
    value: kind.show(valueOf(place, block, element)), "data-action-id": element.action_id,
    "aria-label": id ? null : labelFor(block, element), "aria-invalid": invalid ? "true" : null,
      "aria-describedby": describedBy,
    onchange: (event) => asking(element.confirm)(() => send(place, block, element, kind.read(event.target.value))) });
}

// ---- text ----
const TYPES = { email_text_input: "email", url_text_input: "url", number_input: "text", plain_text_input: "text",
  rich_text_input: "text" };
const INPUT_MODES = { email_text_input: "email", url_text_input: "url" };

function textField(place, block, element, { id, invalid, describedBy, enter }) {
  const multiline = element.multiline || element.type === "rich_text_input";
  const onEnter = block.dispatch_action
    && (element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"]).includes("on_enter_pressed");
  const props = {
    id, key: nameOf(place, block, element), class: "field", value: valueOf(place, block, element) ?? "",
      placeholder: plain(element.placeholder), autocomplete: "off", spellcheck: "false",
    maxlength: element.max_length, "aria-invalid": invalid ? "true" : null, "aria-describedby": describedBy,
      "data-action-id": element.action_id, "data-focus-on-load": element.focus_on_load ? "true" : null,
    inputmode: INPUT_MODES[element.type] ?? (element.type === "number_input"
      ? (element.is_decimal_allowed ? "decimal" : "numeric") : null),
    oninput: (event) => typed(place, block, element, event.target.value),
    onkeydown: (event) => {
      if (event.key !== "Enter" || event.isComposing || (multiline && !(event.ctrlKey || event.metaKey))) return;
      event.preventDefault();
      if (onEnter) void send(place, block, element, event.target.value || null);
      else enter?.();
    },
  };
  return multiline ? h("textarea", { ...props, rows: 4 })
    : h("input", { ...props, type: TYPES[element.type] ?? "text" });
}

const fileField = (place, block, element, { id }) =>
  h("input", { id, class: "field", type: "text", disabled: true, value: "Files cannot be sent in the sandbox",
  "data-action-id": element.action_id });

const selectField = (place, block, element, { labelId, invalid }) =>
  select({ place, block, element, invalid, confirm: asking(element.confirm),
    labelledBy: labelId ? { id: labelId } : { label: labelFor(block, element) } });

const SELECTS = ["static", "external", "users", "channels",
  "conversations"].flatMap((kind) => [`${kind}_select`, `multi_${kind}_select`]);
const DRAWN = {
  button, workflow_button: button, icon_button: button, feedback_buttons: feedback, overflow, checkboxes: choices,
    radio_buttons: choices,
  datepicker: dateField, timepicker: dateField, datetimepicker: dateField, file_input: fileField,
  ...Object.fromEntries(Object.keys(TYPES).map((type) => [type, textField])),
  ...Object.fromEntries(SELECTS.map((type) => [type, selectField])),
};

export const isInteractive = (element) => element?.type in DRAWN;

/** Draws an element. `field`: {id, labelId, describedBy, invalid, enter} when it stands in an input block. */
export const drawElement = (place, block, element, field = {}) =>
  DRAWN[element.type]?.(place, block, element, field) ?? null;

