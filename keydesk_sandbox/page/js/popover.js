// One small floating list at a time: menus and the choices of a select. The control that opened it draws its
// content anew with every draw, so it never shows something old; when the control is gone, so is the popover.

import { h } from "./dom.js";
import { changed } from "./store.js";

let open = null; // {id, anchor, width, align, tallest}
let content = null;

export const isOpen = (id) => open?.id === id;

export function openPopover(id, anchor, { width = null, align = "start", tallest = 360 } = {}) {
  open = { id, anchor, width, align, tallest };
  changed();
}

export function closePopover({ refocus = true } = {}) {
  if (!open) return false;
  const { anchor } = open;
  open = null;
  if (refocus && anchor.isConnected) anchor.focus();
  changed();
  return true;
}

export const toggle = (id, anchor, options) => (isOpen(id) ? closePopover() : openPopover(id, anchor, options));

/** Called by the control while it is drawn: says what the popover holds, if it is this control's. */
export function popoverContent(id, draw) {
  if (isOpen(id)) content = draw;
}

/** Drawn last, above everything. */
export function drawPopover() {
  const draw = content;
  content = null;
  if (!open) return null;
  if (!draw || !open.anchor.isConnected) {
    open = null;
    return null;
  }
  return h("div", { class: "popover", key: open.id, style: position(), "data-testid": "popover", onmount: focusFirst },
    draw());
}

const MARGIN = 6;

function position() {
  const rect = open.anchor.getBoundingClientRect();
  const width = open.width ?? rect.width;
  const below = window.innerHeight - rect.bottom - 2 * MARGIN;
  const above = rect.top - 2 * MARGIN;
  const under = below >= 260 || below >= above;
  const left = open.align === "end" ? rect.right - width : rect.left;
  return {
    width: `${width}px`,
    left: `${Math.max(MARGIN, Math.min(left, window.innerWidth - width - MARGIN))}px`,
    "max-height": `${Math.min(open.tallest, under ? below : above)}px`,
    ...(under ? { top: `${rect.bottom + 4}px` } : { bottom: `${window.innerHeight - rect.top + 4}px` }),
  };
}

function focusFirst(element) {
  element.querySelector("input, [role=menuitem], [role=option]")?.focus();
}

/** A list of things to do. `items`: {label, detail?, act}. Arrow keys walk, Enter does. */
export function menu(label, items) {
  return h("div", { role: "menu", "aria-label": label, class: "menu", onkeydown: walk },
    items.map(({ label: name, detail, act, danger }) =>
      h("button", { type: "button", role: "menuitem", class: danger ? "menu-item danger" : "menu-item", onclick: () => {
        closePopover();
        act();
      } }, h("span", {}, name), detail && h("small", {}, detail))),
    items.length === 0 && h("p", { class: "menu-empty" }, "Nothing here"));
}

function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll("[role=menuitem]")];
  const index = items.indexOf(document.activeElement);
  items[(index + step + items.length) % items.length]?.focus();
}

export function installPopover() {
  document.addEventListener("pointerdown", (event) => {
    if (!open || open.anchor.contains(event.target) || event.target.closest(".popover")) return;
    closePopover({ refocus: false });
  });
  window.addEventListener("resize", () => closePopover({ refocus: false }));
}
