// What uPlot does not draw: an axis of events, the gaps between them, points by shape, points with their names.
"use strict";
const marks = (() => {
  const glyph = { triangle: "▲ ", square: "■ ", cross: "✖ ", diamond: "◆ " };
  const TICK = 58; // CSS pixels that a tick's label needs

  // Positions in order of importance, each kept only where it is far enough from those before.
  function apart(wanted, least) {
    const kept = [];
    for (const each of wanted) if (kept.every((other) => Math.abs(other.at - each.at) >= least)) kept.push(each);
    return kept;
  }

  // First what follows the longest gaps, the last event and the first; then all others.
  function importance(given) {
    const waited = new Map((given.gaps || []).map((gap) => [gap.x + 1, gap.seconds]));
    const last = given.x[given.x.length - 1];
    const weight = (x, i) => (i === given.here ? 1e12 : x === last ? 1e11 : i === 0 ? 1e10 : waited.get(x) || 0);
    return given.x.map((x, i) => ({ x, i, weight: weight(x, i) })).sort((a, b) => b.weight - a.weight);
  }

  // An axis on which every event has its place; times, and below them the day and year where they change.
  function byEvent(given) {
    const order = importance(given);
    const index = new Map(given.x.map((x, i) => [x, i]));
    return {
      grid: { show: false },
      size: 54,
      splits: (plot, _, low, high) => {
        const scale = (plot.bbox.width / devicePixelRatio || plot.width) / (high - low);
        const shown = order.filter(({ x }) => x >= low && x <= high).map(({ x }) => ({ x, at: x * scale }));
        return apart(shown, TICK).map(({ x }) => x).sort((a, b) => a - b);
      },
      values: (_, ticks) => {
        let day = "", year = "";
        return ticks.map((x) => {
          const [time, its, of] = given.ticks[index.get(x)];
          const below = of !== year ? `${of}/${its}` : its !== day ? its : "";
          day = of !== year || its !== day ? its : day;
          year = of;
          return below ? `${time}\n${below}` : time;
        });
      },
    };
  }

  function write(context, text, x, y, ink, ground) {
    context.lineJoin = "round";
    context.lineWidth = 4 * devicePixelRatio;
    context.strokeStyle = ground;
    context.strokeText(text, x, y);
    context.fillStyle = ink;
    context.fillText(text, x, y);
  }

  function gaps(plot, given, colour) {
    const { ctx: context, bbox } = plot, one = devicePixelRatio;
    const inside = given.gaps.map((gap) => ({ ...gap, at: plot.valToPos(gap.x, "x", true) })).filter((gap) => gap.at >= bbox.left && gap.at <= bbox.left + bbox.width);
    context.strokeStyle = colour("line-strong");
    context.lineWidth = one;
    context.setLineDash([3 * one, 4 * one]);
    for (const gap of inside) {
      context.beginPath(); context.moveTo(gap.at, bbox.top); context.lineTo(gap.at, bbox.top + bbox.height); context.stroke();
    }
    context.setLineDash([]);
    context.textAlign = "center";
    context.textBaseline = "bottom";
    for (const gap of apart(inside.sort((a, b) => b.seconds - a.seconds), 46 * one)) write(context, gap.label, gap.at, bbox.top - 2 * one, colour("soft"), colour("panel"));
  }

  function shape(context, kind, x, y, size, fill, ground) {
    context.beginPath();
    if (kind === "triangle") { context.moveTo(x, y - size); context.lineTo(x + size, y + size * 0.8); context.lineTo(x - size, y + size * 0.8); context.closePath(); }
    else if (kind === "square") context.rect(x - size * 0.8, y - size * 0.8, size * 1.6, size * 1.6);
    else if (kind === "diamond") { context.moveTo(x, y - size * 1.2); context.lineTo(x + size * 1.2, y); context.lineTo(x, y + size * 1.2); context.lineTo(x - size * 1.2, y); context.closePath(); }
    else if (kind === "cross") { context.moveTo(x - size, y - size); context.lineTo(x + size, y + size); context.moveTo(x + size, y - size); context.lineTo(x - size, y + size); }
    else context.arc(x, y, size * 0.9, 0, 2 * Math.PI);
    context.lineWidth = (kind === "cross" ? 5 : 3) * devicePixelRatio;
    context.strokeStyle = ground;
    context.stroke();
    if (kind === "cross") { context.lineWidth = 3 * devicePixelRatio; context.strokeStyle = fill; context.stroke(); }
    else { context.fillStyle = fill; context.fill(); }
  }

  function series(plot, given, colour) {
    for (const each of given.series.filter((one) => one.shape)) {
      each.values.forEach((value, i) => {
        const x = plot.valToPos(given.x[i], "x", true);
        if (value == null || x < plot.bbox.left - 1 || x > plot.bbox.left + plot.bbox.width + 1) return;
        shape(plot.ctx, each.shape, x, plot.valToPos(value, "y", true), 5 * devicePixelRatio, colour(each.colour), colour("panel"));
      });
    }
  }

  // Points with their names. Those at one place are drawn around each other, and share a name.
  function labels(plot, given, colour) {
    const { ctx: context, bbox } = plot, one = devicePixelRatio;
    const places = new Map();
    for (const each of given.labels) {
      const x = Math.round(plot.valToPos(each.x, "x", true)), y = Math.round(plot.valToPos(each.y, "y", true));
      const key = [...places.keys()].find((other) => Math.hypot(other[0] - x, other[1] - y) < 4 * one) || [x, y];
      places.set(key, [...(places.get(key) || []), each]);
    }
    const taken = [];
    context.textBaseline = "middle";
    for (const [[x, y], here] of places) {
      const grow = here.length > 1 ? 1.7 : 1;
      here.forEach((each, n) => shape(context, each.shape, x, y, (n === 0 ? 5 * grow : 4) * one, colour(each.colour), colour("panel")));
      const text = here.map((each) => each.text).join(" = ");
      const width = context.measureText(text).width, gap = 12 * one;
      const tries = [[x + gap, y - gap], [x - gap - width, y - gap], [x + gap, y + gap], [x - gap - width, y + gap], [x - width / 2, y - 2 * gap], [x - width / 2, y + 2 * gap]];
      const fits = ([left, middle]) => left >= bbox.left && left + width <= bbox.left + bbox.width && middle >= bbox.top + 6 * one && middle <= bbox.top + bbox.height - 6 * one
        && taken.every((box) => left > box[0] + box[2] || left + width < box[0] || Math.abs(middle - box[1]) > 14 * one);
      const [left, middle] = tries.find(fits) || [Math.max(bbox.left, Math.min(x + gap, bbox.left + bbox.width - width)), y - gap];
      taken.push([left, middle, width]);
      context.textAlign = "left";
      write(context, text, left, middle, colour("ink"), colour("panel"));
    }
  }

  function draw(plot, given, colour) {
    plot.ctx.save();
    plot.ctx.font = `600 ${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    if (given.gaps) gaps(plot, given, colour);
    series(plot, given, colour);
    if (given.labels) labels(plot, given, colour);
    plot.ctx.restore();
  }

  return { byEvent, draw, glyph };
})();
