// Slack's data_visualization block: bars for bar, line and area charts, shares in words for a pie.

import { h } from "./dom.js";

const HEIGHT = 96;
const STEP = 32;
const BAR = 20;

const number = (value) => Number(value) || 0;

function bars(chart) {
  const labels = chart.axis_config?.categories ?? [];
  const series = chart.series ?? [];
  const most = Math.max(0, ...series.flatMap((one) => (one.data ?? []).map((point) => number(point.value))));
  const width = BAR / Math.max(1, series.length);
  const drawn = labels.flatMap((label, place) => series.map((one, index) => {
    const value = number((one.data ?? []).find((point) => point.label === label)?.value);
    const height = most > 0 ? Math.max(value > 0 ? 2 : 1, (HEIGHT * value) / most) : 1;
    return h("rect", { class: `chart-bar chart-${index}`, x: place * STEP + index * width + (STEP - BAR) / 2,
      y: HEIGHT - height, width, height, "aria-label": `${label}: ${value}` });
  }));
  return h("div", { class: "chart-frame" },
    h("div", { class: "chart-most" }, most ? `${most} ${chart.axis_config?.y_label ?? ""}` : ""),
    h("svg", { viewBox: `0 0 ${Math.max(1, labels.length) * STEP} ${HEIGHT}`, class: "chart-bars", role: "img",
      "aria-label": labels.map((label) => `${label}: ${series.map((one) =>
        number((one.data ?? []).find((point) => point.label === label)?.value)).join(", ")}`).join("; ") }, drawn),
    h("div", { class: "chart-labels", "aria-hidden": "true" }, labels.map((label) => h("span", {}, label))),
    series.length > 1 && h("div", { class: "hint" }, series.map((one) => one.name).join(" · ")));
}

function shares(chart) {
  const sum = (chart.segments ?? []).reduce((all, one) => all + number(one.value), 0);
  return h("ul", {}, (chart.segments ?? []).map((one) =>
    h("li", {}, `${one.label}: ${one.value}${sum > 0 ? ` (${Math.round((100 * number(one.value)) / sum)} %)` : ""}`)));
}

export const chart = (hook) => (_, block) => h("figure", { class: "block chart", ...hook(block) },
  h("figcaption", {}, block.title), block.chart?.type === "pie" ? shares(block.chart) : bars(block.chart ?? {}));
