// The question an app may put between a click and what it does.

import { h } from "./dom.js";
import { plain, text } from "./mrkdwn.js";
import { setUi, ui } from "./store.js";
import { tr } from "./words.js";

/** Runs `go` at once, or after the person said yes when the element has a `confirm` object. */
export const asking = (confirm) => (go) => (confirm ? setUi("confirm", { confirm, go }) : go());

export function closeConfirm() {
  if (!ui("confirm")) return false;
  setUi("confirm", undefined);
  return true;
}

export function drawConfirm() {
  const question = ui("confirm");
  if (!question) return null;
  const { confirm, go } = question;
  const yes = () => {
    closeConfirm();
    go();
  };
  return h("div", { class: "dim dim-confirm", key: "confirm" },
    h("div", { class: "dialog confirm", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "confirm-title",
      "aria-describedby": "confirm-text",
      onmount: (element) => element.querySelector(".primary, .danger")?.focus() },
    h("header", {}, h("h2", { id: "confirm-title" }, plain(confirm.title))),
    h("div", { class: "dialog-body", id: "confirm-text" }, text(confirm.text)),
    h("footer", {},
      h("button", { type: "button", class: "button", onclick: closeConfirm }, plain(confirm.deny) || tr("Cancel")),
      h("button", { type: "button", class: `button ${confirm.style === "danger" ? "danger" : "primary"}`,
        onclick: yes }, plain(confirm.confirm) || tr("Yes")))));
}
