// Selects of every kind: static, external, users, channels and conversations; one choice or many; with groups.

import { post } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { closePopover, isOpen, openPopover, popoverContent } from "./popover.js";
import { channelName, personName, setUi, store, ui } from "./store.js";
import { chosenOptions, isMulti, send, valueOf } from "./values.js";
import { tr } from "./words.js";

const SEARCH_FROM = 7; // a shorter list needs no search field
const TYPING_PAUSE = 160;
const labels = new Map(); // what a person chose from an external list, by place and value

const option = (value, label, description) => ({ value, label, description });
const fromSlack = (one) => option(one.value, plain(one.text), one.description && plain(one.description));

const SOURCES = {
  users: () => store.state.people.filter((one) => one.kind !== "bot").map((one) =>
    option(one.id, personName(one), one.title)),
  channels: () => store.state.channels.filter((one) => one.kind !== "dm").map((one) => option(one.id, `#${one.name}`)),
  conversations: () => store.state.channels.map((one) =>
    option(one.id, one.kind === "dm" ? channelName(one) : `#${one.name}`)),
};

const kindOf = (element) => element.type.replace("multi_", "").replace("_select", "");

/** Groups of choices to offer now: [{label|null, options}]; external ones come from the last answer. */
function groups(element, id) {
  const kind = kindOf(element);
  const source = kind === "external" ? ui(`found ${id}`, {}) : element;
  if (SOURCES[kind]) return [{ label: null, options: SOURCES[kind]() }];
  if (source.option_groups) return source.option_groups.map((each) =>
    ({ label: plain(each.label), options: each.options.map(fromSlack) }));
  return [{ label: null, options: (source.options ?? []).map(fromSlack) }];
}

function matching(all, query) {
  const wanted = query.trim().toLowerCase();
  const fits = (one) => !wanted || one.label.toLowerCase().includes(wanted) || one.value.toLowerCase().includes(wanted);
  return all.map((each) => ({ ...each, options: each.options.filter(fits) })).filter((each) => each.options.length);
}

function labelOf(id, element, place, block, value) {
  const known = groups(element, id).flatMap((each) => each.options).find((one) => one.value === value);
  const came = chosenOptions(place, block, element).find((one) => one.value === value);
  return known?.label ?? (came && plain(came.text)) ?? labels.get(`${id} ${value}`) ?? value;
}

/** Draws the closed control; the open list is drawn by the popover. `labelledBy`: {id} or {label}. */
export function select({ place, block, element, labelledBy, invalid, confirm = (go) => go(), act = null }) {
  const id = `select ${place.id} ${block.block_id} ${element.action_id}`;
  const control = { id, place, block, element, multi: isMulti(element),
    chosen: [valueOf(place, block, element)].flat().filter((one) => one !== null) };
  control.choose = (value) => confirm(() => (act ? act(value) : send(place, block, element, value)));
  control.name = labelledBy.label ?? plain(block.label);
  popoverContent(id, () => list(control));
  const names = control.chosen.map((value) => labelOf(id, element, place, block, value));
  const open = (event) => start(control, event.currentTarget);
  const button = h("button", {
    type: "button", role: "combobox", class: "select-button", "aria-haspopup": "listbox",
      "aria-expanded": String(isOpen(id)),
    "aria-labelledby": labelledBy.id ? `${labelledBy.id} ${labelledBy.id}-value` : null, "aria-label": labelledBy.label,
    "aria-invalid": invalid ? "true" : null, "data-action-id": element.action_id, onclick: open, onkeydown: (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); open(event); }
    },
  }, h("span", { id: labelledBy.id ? `${labelledBy.id}-value` : null,
    class: names.length && !control.multi ? "chosen" : "placeholder" },
    closedText(control, names)), icon("down", 14));
  if (!control.multi) return h("div", { class: "select" }, button, clearButton(control));
  return h("div", { class: "select multi" }, h("ul", { class: "chips", "aria-label": `${control.name}: chosen` },
    control.chosen.map((value, index) =>
    h("li", { class: "chip", key: value }, names[index],
      h("button", { type: "button", "aria-label": `Remove ${names[index]}`,
      onclick: () => control.choose(control.chosen.filter((one) => one !== value)) }, icon("close", 12))))), button);
}

function closedText({ multi, element }, names) {
  if (names.length && !multi) return names[0];
  return names.length ? tr("Add another…") : plain(element.placeholder) || tr(multi ? "Choose…" : "Choose one…");
}

function clearButton({ block, chosen, choose, name }) {
  if (block.type !== "input" || !block.optional || !chosen.length) return null;
  return h("button", { type: "button", class: "select-clear", "aria-label": `Clear ${name}`,
    onclick: () => choose(null) }, icon("close", 12));
}

function start(control, anchor) {
  if (isOpen(control.id)) return closePopover();
  setUi("query", "");
  setUi("active", 0);
  if (kindOf(control.element) === "external") load(control, "", 0);
  return openPopover(control.id, anchor, { width: Math.max(anchor.offsetWidth, 240) });
}

// ---- the open list ----
let timer = null;

function load({ id, place, block, element }, query, pause = TYPING_PAUSE) {
  clearTimeout(timer);
  const least = element.min_query_length ?? 3;
  if (query.length < least) return setUi(`found ${id}`,
    { note: `Type at least ${least} character${least === 1 ? "" : "s"}` });
  setUi(`found ${id}`, { ...ui(`found ${id}`, {}), note: null, loading: true });
  timer = setTimeout(async () => {
    const answer = await post("options", { ...place.target, block_id: block.block_id, action_id: element.action_id,
      value: query });
    if (ui("query", "") !== query) return;
    setUi(`found ${id}`, { ...answer, note: answer.ok === false ? "The list could not be loaded." : null });
  }, pause);
  return undefined;
}

function list(control) {
  const { id, element, multi, chosen, name } = control;
  const external = kindOf(element) === "external";
  const query = ui("query", "");
  const shown = matching(groups(element, id), external ? "" : query);
  const flat = shown.flatMap((each) => each.options);
  const active = Math.min(ui("active", 0), flat.length - 1);
  const { note, loading } = external ? ui(`found ${id}`, {}) : {};
  const searching = external || groups(element, id).flatMap((each) => each.options).length >= SEARCH_FROM;
  const field = h("input", {
    class: searching ? "search" : "search unseen", type: "text", value: query, "aria-label": `Search ${name}`,
      placeholder: tr("Search…"), autocomplete: "off",
    "aria-controls": "choices", "aria-activedescendant": flat[active] ? `choice-${active}` : null,
    oninput: (event) => { setUi("query", event.target.value); setUi("active", 0); if (external) load(control,
      event.target.value); },
    onkeydown: (event) => keys(event, control, flat, active),
  });
  let index = -1;
  const rows = (options) => options.map((one) => { index += 1; return row(control, one, index, index === active); });
  return [field, h("div", { role: "listbox", id: "choices", "aria-label": name,
    "aria-multiselectable": multi ? "true" : null, class: loading ? "listbox loading" : "listbox" },
    shown.map((each) => (each.label ? h("div", { role: "group", "aria-label": each.label },
      h("div", { class: "group-label" }, each.label), rows(each.options)) : rows(each.options))),
    note && h("p", { class: "menu-empty" }, note),
      !note && !flat.length && h("p", { class: "menu-empty" }, tr(loading ? "Loading…" : "Nothing found")),
    multi && element.max_selected_items && h("p", { class: "menu-empty" },
      `${chosen.length} of at most ${element.max_selected_items} chosen`))];
}

function row(control, one, index, active) {
  const picked = control.chosen.includes(one.value);
  return h("div", { role: "option", id: `choice-${index}`, class: active ? "option active" : "option",
    "aria-selected": String(picked), tabindex: "-1",
    onclick: () => pick(control, one), onpointermove: () => { if (!active) setUi("active", index); } },
  h("span", { class: "tick" }, picked && icon("check", 14)),
    h("span", {}, h("span", {}, one.label), one.description && h("small", {}, one.description)));
}

function pick(control, one) {
  const { id, multi, chosen, element, choose } = control;
  labels.set(`${id} ${one.value}`, one.label);
  if (!multi) {
    closePopover();
    choose(one.value);
  } else if (chosen.includes(one.value)) choose(chosen.filter((value) => value !== one.value));
  else if (chosen.length < (element.max_selected_items ?? Infinity)) choose([...chosen, one.value]);
}

function keys(event, control, flat, active) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && flat.length) {
    setUi("active", (active + step + flat.length) % flat.length);
    queueMicrotask(() => document.querySelector(".option.active")?.scrollIntoView({ block: "nearest" }));
  } else if (event.key === "Enter" && flat[active]) pick(control, flat[active]);
  else if (event.key === "Tab") closePopover();
  else return;
  event.preventDefault();
}
