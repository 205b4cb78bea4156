// Says what a point of a chart is: under the pointer, by the arrow keys, by buttons. A chart with more events than fit
// shows those about the one that matters most, and all of them on demand.
"use strict";
const pointing = (() => {
  const ja = document.documentElement.lang === "ja";
  const words = ja
    ? { back: "前の点", on: "次の点", all: "全体を表示", near: "拡大する", more: "下の表で見る", hint: "点を選ぶと内容を表示します(← → キーでも移動)" }
    : { back: "Previous", on: "Next", all: "Show all", near: "Zoom in", more: "in the table below", hint: "Choose a point to read it (arrow keys work, too)" };
  const LEAST = 13; // CSS pixels for an event, so that it can be told from the next
  const made = (tag, more) => Object.assign(document.createElement(tag), more);

  // The events shown at first: as many as fit, most of them before the one that matters most, and what came after it.
  function near(figure, given) {
    const fit = figure.plot.bbox.width / devicePixelRatio / LEAST;
    const first = given.x[0], last = given.x[given.x.length - 1];
    if (!given.ticks || last - first + 1 <= fit) return null;
    const until = Math.min(last, given.x[given.here] + Math.floor(fit * 0.3));
    const from = Math.max(first, until - Math.floor(fit) + 1);
    return [from, from + Math.floor(fit) - 1];
  }

  function over(figure, given) {
    const plot = figure.plot, room = figure.querySelector(".plot");
    const foot = figure.querySelector(".pointed") || figure.appendChild(made("div", { className: "pointed" }));
    const text = made("output", { className: "said", textContent: words.hint });
    const row = made("div", { className: "row" });
    foot.replaceChildren(text, row);
    let at = given.here ?? given.says.length - 1, zoomed = near(figure, given);
    // The scale's own range adds the room at both ends.
    const frame = (range) => plot.setScale("x", { min: range[0], max: range[1] });

    function say(index) {
      at = index;
      figure.dataset.at = String(index);
      text.replaceChildren(made("span", { textContent: given.says[index] }));
      const target = given.rows && given.rows[index];
      if (target && document.getElementById(target)) text.append(" ", made("a", { href: `#${target}`, textContent: words.more }));
    }

    function go(index) {
      const to = Math.max(0, Math.min(given.says.length - 1, index)), x = given.x[to];
      const { min, max } = plot.scales.x;
      if (x < min || x > max) { const half = (max - min - 1) / 2; frame([x - half, x + half]); }
      say(to);
      const y = given.series.map((each) => each.values[to]).find((value) => value != null);
      requestAnimationFrame(() => plot.setCursor({ left: plot.valToPos(x, "x"), top: plot.valToPos(y ?? 0, "y") }, false));
    }

    const button = (name, act) => { const it = made("button", { type: "button", className: "small", textContent: name }); it.addEventListener("click", act); row.append(it); return it; };
    button(`◀ ${words.back}`, () => go(at - 1));
    button(`${words.on} ▶`, () => go(at + 1));
    if (zoomed) {
      frame(zoomed);
      const turn = button(words.all, () => {
        const all = figure.dataset.shown !== "all";
        figure.dataset.shown = all ? "all" : "near";
        frame(all ? [given.x[0], given.x[given.x.length - 1]] : zoomed);
        turn.textContent = all ? words.near : words.all;
      });
      figure.dataset.shown = "near";
    }
    room.tabIndex = 0;
    room.setAttribute("role", "group");
    room.setAttribute("aria-label", words.hint);
    room.onkeydown = (event) => {
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: given.says.length - 1 }[event.key];
      if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      go(to);
    };
    room.onfocus = () => go(at);
    plot.over.addEventListener("mousemove", () => { if (plot.cursor.idx != null) say(plot.cursor.idx); });
  }

  return { over };
})();
