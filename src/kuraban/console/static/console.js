// Keys, and what happens when the server is away. Everything works without this script too, but by mouse and reload.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  let leader = 0;

  function select(row) {
    rows().forEach((each) => each.classList.toggle("here", each === row));
    const link = row.querySelector("[data-open]") || row;
    link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((each) => each.classList.contains("here"));
    select(all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
  }

  // A key named by data-key presses the element that carries it: in the chosen row first, then anywhere on the page.
  function press(key) {
    const here = document.querySelector("[data-row].here");
    const selector = `[data-key="${CSS.escape(key)}"]`;
    const elsewhere = () => [...document.querySelectorAll(`main ${selector}`)].find((each) => !each.closest("[data-row]"));
    const found = (here && here.querySelector(selector)) || elsewhere();
    if (found && !found.disabled) found.click();
    return Boolean(found);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    const led = leader > 0 && event.timeStamp - leader < 1500;
    leader = 0;
    if (led) {
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (event.key === "g") leader = event.timeStamp;
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") document.getElementById("keys").showModal();
    else if (event.key === "/" && document.getElementById("find")) { event.preventDefault(); document.getElementById("find").focus(); }
    else if (event.key.length === 1 && press(event.key)) event.preventDefault();
  });

  // How many are chosen, said in the button that takes them on.
  function count(form) {
    const button = form.querySelector("[data-counts]");
    const worth = [...form.querySelectorAll('input[type="checkbox"]:checked')].reduce((sum, each) => sum + Number(each.dataset.worth || 1), 0);
    button.textContent = button.dataset.counts.replace("{}", worth.toLocaleString("en"));
    button.disabled = worth === 0;
  }
  document.addEventListener("input", (event) => { const form = event.target.closest("form[data-picks]"); if (form) count(form); });
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("form[data-picks]").forEach(count));

  // A polled list comes anew while somebody stands in it.
  let stood = null;
  document.addEventListener("htmx:beforeSwap", () => { const here = document.querySelector("[data-row].here"); stood = here && here.id; });
  document.addEventListener("htmx:afterSwap", () => {
    const again = stood && document.getElementById(stood);
    if (again && !again.classList.contains("here")) again.classList.add("here");
  });

  const away = document.getElementById("away");
  const show = (gone) => { away.hidden = !gone; };
  document.addEventListener("htmx:sendError", () => show(true));
  document.addEventListener("htmx:timeout", () => show(true));
  document.addEventListener("htmx:afterOnLoad", () => show(false));
  // Problems come as fragments with an error status: they are to be read, not dropped.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const status = event.detail.xhr.status;
    if (status >= 400 && event.detail.xhr.getResponseHeader("x-fragment")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
})();
