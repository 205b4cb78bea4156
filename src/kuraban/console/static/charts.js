// Draws <figure data-chart="…"> with uPlot; `marks.js` draws what uPlot does not, `pointing.js` says what a point is. The attribute is JSON:
//   {"x": [seconds, …], "time": true, "series": [{"label", "values", "kind": "line" | "flat" | "steps" | "bars" | "points", "colour", "axis"}], "y": "number" | "money" | "logit" | "percent", "marks": [{"x", "label"}], "zone": "Asia/Tokyo", "label": what x is, where it is no time,
//    "ticks": [[time, day, year], …] and "gaps": [{"x", "seconds", "label"}] where each x is an event, "labels": [{"x", "y", "text", "shape", "colour"}] points with their names,
//    "says": [what each x is, in words], "rows": [id of the element that tells more of it], "here": the index of the one that matters most}
// A series of points may have a "shape": triangle, square, cross or diamond.
// A polled part brings new figures for a chart that stays: <div data-chart-for="id" data-chart-new="…">.
// Every page says in words, or in a table, what a chart shows: a chart is never the only place.
"use strict";
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || name;
  const language = document.documentElement.lang;
  const compact = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 3 });
  const sigmoid = (v) => 1 / (1 + Math.exp(-v));
  const probability = (v) => (v == null ? "–" : `${Number(v > 4 ? (100 * sigmoid(v)).toFixed(v > 5 ? 2 : 1) : (100 * sigmoid(v)).toPrecision(2))}%`);
  const odds = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999].map((p) => Math.log(p / (1 - p)));
  // Smallest step, then what is written, and below it where the year or the day changes: hours are 0 to 23 everywhere.
  const times = [
    [31536000, "{YYYY}", null, null, null, null, null, null, 1],
    [2419200, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
    [86400, "{M}/{D}", "\n{YYYY}", null, null, null, null, null, 1],
    [60, "{HH}:{mm}", "\n{YYYY}/{M}/{D}", null, "\n{M}/{D}", null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", "\n{YYYY}/{M}/{D}", null, "\n{M}/{D}", null, null, null, 1],
  ];
  const written = {
    number: (v) => (v == null ? "–" : compact.format(v)),
    money: (v) => (v == null ? "–" : `¥${compact.format(v)}`),
    percent: (v) => (v == null ? "–" : `${(100 * v).toFixed(1)}%`),
    logit: probability,
  };

  function paths(kind) {
    if (kind === "steps") return uPlot.paths.stepped({ align: 1 });
    if (kind === "bars") return uPlot.paths.bars({ size: [0.8, 40] });
    if (kind === "points") return () => null;
    return uPlot.paths.linear();
  }

  // All there is; around a lone point some room on either side: an hour, or one.
  const around = (room) => (_, from, to) => (from == null || from !== to ? [from, to] : [from - room, to + room]);
  const spread = (from, to) => { const room = Math.max(1, (to - from) * 0.08); return [from - room, to + room]; };
  const wide = (figure) => Math.max(200, (figure.querySelector(".plot") || figure).clientWidth);

  function draw(figure) {
    const given = JSON.parse(figure.dataset.chart);
    const say = written[given.y || "number"];
    const room = figure.querySelector(".plot") || figure.appendChild(Object.assign(document.createElement("div"), { className: "plot" }));
    const width = wide(figure);
    const ink = colour("ink"), line = colour("line");
    const stepped = Boolean(given.ticks);
    const axis = (more) => ({ stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, ...more });
    const options = {
      width, height: Number(figure.dataset.height || 220),
      scales: { x: { time: given.time !== false, range: stepped ? (_, from, to) => [from - 0.5, to + 0.5] : given.labels ? (_, from, to) => spread(from, to) : around(given.time === false ? 1 : 3600) }, y: given.range ? { range: given.range } : {} },
      axes: [stepped ? axis(marks.byEvent(given)) : axis(given.time === false ? { values: (_, ticks) => ticks.map(written.number) } : { values: times, space: 70 }), axis({
        size: 72, values: (_, ticks) => ticks.map(say),
        ...(given.y === "logit" ? { splits: (_, axis_, low, high) => odds.filter((v) => v >= low && v <= high) } : {}),
      })],
      tzDate: given.zone ? (seconds) => uPlot.tzDate(new Date(seconds * 1e3), given.zone) : undefined,
      cursor: { drag: { x: true, y: false } },
      legend: { live: !given.says },
      padding: given.says ? [18, 12, 0, 0] : undefined,
      series: [{ label: given.time === false ? given.label || "" : { ja: "時刻", en: "Time" }[language], value: given.time === false ? (_, v) => written.number(v) : "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" }, ...given.series.map((each) => ({
        label: `${marks.glyph[each.shape] || ""}${each.label}`, stroke: colour(each.colour || "link"), width: each.kind === "points" ? 0 : 2,
        fill: each.kind === "bars" ? `${colour(each.colour || "link")}55` : undefined,
        points: { show: (each.kind === "points" && !each.shape) || (each.kind !== "flat" && each.values.length < 40), size: 7, fill: colour(each.colour || "link") },
        paths: paths(each.kind), spanGaps: true, value: (_, v) => say(v),
      }))],
      hooks: { draw: [(plot) => {
        marks.draw(plot, given, colour);
        for (const mark of given.marks || []) {
          const x = plot.valToPos(mark.x, "x", true);
          if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) continue;
          plot.ctx.save();
          plot.ctx.strokeStyle = plot.ctx.fillStyle = colour("bad");
          plot.ctx.beginPath(); plot.ctx.moveTo(x, plot.bbox.top); plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height); plot.ctx.stroke();
          plot.ctx.fillText(mark.label, x + 4, plot.bbox.top + 12);
          plot.ctx.restore();
        }
      }] },
    };
    room.replaceChildren();
    figure.plot = new uPlot(options, [given.x, ...given.series.map((each) => each.values)], room);
    figure.drawn = figure.dataset.chart;
    if (given.says) pointing.over(figure, given);
  }

  function renew(bearer) {
    const figure = document.getElementById(bearer.dataset.chartFor);
    if (!figure || figure.dataset.chart === bearer.dataset.chartNew) return;
    figure.dataset.chart = bearer.dataset.chartNew;
    if (!figure.plot) return draw(figure);
    const given = JSON.parse(figure.dataset.chart);
    figure.plot.setData([given.x, ...given.series.map((each) => each.values)]);
    figure.drawn = figure.dataset.chart;
  }

  function all(root) {
    const found = [...(root.querySelectorAll ? root.querySelectorAll("[data-chart]") : [])];
    if (root.matches && root.matches("[data-chart]")) found.push(root);
    found.forEach((figure) => { if (figure.drawn !== figure.dataset.chart) draw(figure); });
  }

  document.addEventListener("DOMContentLoaded", () => all(document));
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target.querySelectorAll("[data-chart-for]").forEach(renew));
  document.addEventListener("htmx:load", (event) => all(event.detail.elt));
  // Colours are drawn, not styled: they have to be drawn anew when the system turns dark or light.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.querySelectorAll("[data-chart]").forEach(draw));
  let due = 0;
  addEventListener("resize", () => {
    clearTimeout(due);
    due = setTimeout(() => document.querySelectorAll("[data-chart]").forEach((figure) => figure.plot && figure.plot.setSize({ width: wide(figure), height: figure.plot.height })), 150);
  });
})();
