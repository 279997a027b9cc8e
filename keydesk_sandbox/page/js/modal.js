// The stack of open modals: up to three, the top one in use, the lower ones dimmed and out of reach.

import { post } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { setUi, store, ui } from "./store.js";
import { settled } from "./values.js";
import { tr } from "./words.js";

const placeOf = (view) => ({ id: view.id, kind: "view", target: { view_id: view.id }, values: view.values,
  errors: view.errors ?? {}, enter: () => submit(view) });

export const topModal = () => store.state?.views?.at(-1) ?? null;

async function submit(view) {
  const busy = `busy ${view.id}`;
  if (!view.submit || view.busy || ui(busy)) return;
  setUi(busy, true);
  try {
    await settled(placeOf(view));
    const answer = await post("submit", { view_id: view.id });
    if (answer.errors && Object.keys(answer.errors).length) setUi("show error", view.id);
  } finally {
    setUi(busy, undefined);
  }
}

/** Closes the top modal; `clear` closes the whole stack, as the x of Slack does. */
export async function closeModal({ clear = false } = {}) {
  const view = topModal();
  if (!view) return false;
  await post("close", { view_id: view.id, ...(clear ? { clear: true } : {}) });
  return true;
}

/** True while the page behind must not be reached. */
export const modalOpen = () => Boolean(topModal());

export function drawModals() {
  const views = store.state?.views ?? [];
  return views.map((view, index) => modal(view, views.length - 1 - index));
}

function modal(view, depth) {
  const busy = Boolean(view.busy || ui(`busy ${view.id}`));
  const titleId = `title-${view.id}`;
  return h("div", { class: "dim", key: view.id, inert: depth > 0 || Boolean(ui("confirm")),
    "aria-hidden": depth > 0 || ui("confirm") ? "true" : null },
    h("div", { class: "dialog modal", role: "dialog", "aria-modal": "true", "aria-labelledby": titleId,
      "aria-busy": busy ? "true" : null, "data-testid": "modal",
      "data-callback-id": view.callback_id, "data-view-id": view.id, style: { "--depth": String(depth) },
        onmount: focusFirst },
    h("header", {}, h("span", { class: "app-badge" }, icon("key", 15)), h("h2", { id: titleId }, plain(view.title)),
      h("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => closeModal({ clear: true }) },
        icon("close", 18))),
    view.banner && h("div", { class: "banner", role: "alert" }, icon("warn", 16), h("span", {}, view.banner)),
    h("div", { class: "dialog-body" }, drawBlocks(placeOf(view), view.blocks)),
    footer(view, busy)));
}

function footer(view, busy) {
  const close = h("button", { type: "button", class: "button", onclick: () => closeModal() },
    view.close ? plain(view.close) : tr(view.submit ? "Cancel" : "Close"));
  const go = view.submit && h("button", { type: "button", class: "button primary", disabled: busy,
    "aria-busy": busy ? "true" : null, "data-testid": "submit", onclick: () => submit(view) },
    plain(view.submit));
  return h("footer", {}, close, go);
}

function focusFirst(element) {
  const wanted = element.querySelector("[data-focus-on-load]") ?? element.querySelector(".dialog-body :is(input, textarea, [role=combobox]):not(:disabled)");
  (wanted ?? element.querySelector("footer .primary, footer .button"))?.focus();
}

/** After a refused submission: brings the first sentence under a field into sight. Called after each draw. */
export function showFirstError() {
  const id = ui("show error");
  if (!id) return;
  const field = document.querySelector(`[data-view-id="${CSS.escape(id)}"] .block.invalid`);
  if (!field) return;
  setUi("show error", undefined);
  field.scrollIntoView({ block: "center" });
  field.querySelector("input, textarea, [role=combobox]")?.focus();
}
