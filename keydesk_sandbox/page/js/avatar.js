// A face without a picture: initials on a colour that follows from the id. Apps get a key.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { personName } from "./store.js";

const HUES = [212, 168, 262, 24, 338, 190, 44, 290, 142, 4];

const hash = (text) => [...text].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) >>> 0, 7);

export const initials = (name) => name.split(/\s+/).filter(Boolean).slice(0,
  2).map((word) => word[0].toUpperCase()).join("") || "?";

export function avatar(one, size = "") {
  if (!one || one.kind === "bot") return h("span", { class: `avatar bot ${size}`, "aria-hidden": "true" },
    icon(size === "other" ? "bolt" : "key", size === "small" ? 13 : 20));
  return h("span", { class: `avatar ${size} ${one.kind}`, "aria-hidden": "true",
    style: { "--hue": String(HUES[hash(one.id) % HUES.length]) } }, initials(personName(one)));
}
