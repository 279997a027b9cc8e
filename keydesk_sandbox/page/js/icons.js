// Line icons, drawn on a 20 × 20 grid. An icon is decoration: what it means is said in words beside it.

import { h } from "./dom.js";

const PATHS = {
  hash: "M8 3 6 17M14 3l-2 14M3.5 7.5h14M2.5 12.5h14",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3",
  home: "M3 9.5 10 3l7 6.5M5 8v9h4v-5h2v5h4V8",
  bolt: "M11 2 4 11.5h5L8.5 18 16 8h-5z",
  reply: "M8 5 3 10l5 5M3 10h8a6 6 0 0 1 6 6",
  dots: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  close: "M5 5l10 10M15 5 5 15",
  down: "M5 8l5 5 5-5",
  right: "M8 5l5 5-5 5",
  send: "M3 3.5 17.5 10 3 16.5 5 10zM5 10h6",
  key: "M12.5 3a4.5 4.5 0 1 1-3.9 6.7L3 15.3V18h2.7l.8-.8V15.5h1.7l1-1v-1.6l1-1M13.5 6.5h.01",
  clock: "M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15M10 6v4.3l2.8 1.7",
  search: "M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M13.2 13.2 17 17",
  check: "M4 10.5 8.2 15 16 5.5",
  warn: "M10 3 1.8 17h16.4zM10 8v4M10 14.5h.01",
  info: "M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15M10 9v5M10 6.2h.01",
  panel: "M3 4h14v12H3zM12.5 4v12",
  eye: "M1.8 10S5 4.5 10 4.5 18.2 10 18.2 10 15 15.5 10 15.5 1.8 10 1.8 10M10 7.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8",
  image: "M3 4h14v12H3zM3 14l4.5-4.5 3 3 2.5-2.5 4 4M13.5 7.5h.01",
};

export function icon(name, size = 16) {
  return h("svg", { class: `icon icon-${name}`, viewBox: "0 0 20 20", width: size, height: size,
    "aria-hidden": "true" },
    h("path", { d: PATHS[name] ?? PATHS.info }));
}
