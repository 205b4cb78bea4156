// Acts on alerts, in the list and on an alert's own page: shown at once, kept safe until the server has them.
// An act that fails goes back to what was, and stays in this tab with what was written until it is sent again or
// discarded, also over signing in anew. Each says what its sender saw, so that sending one twice does it once and a
// stale one is refused.
"use strict";
(() => {
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["x-csrf"] || "";
  const words = document.getElementById("failure-words").dataset;
  const WAIT = 15000, KEY = "kuraban.acts", KEPT_MS = 30 * 60 * 1000;
  const unsettled = new Set();

  function keep() {
    try { sessionStorage.setItem(KEY, JSON.stringify([...unsettled])); } catch { /* no room: they stay on the page */ }
  }

  // What was under way when the page was left is sent again; what had failed is shown again.
  function restore() {
    let kept = [];
    try { kept = JSON.parse(sessionStorage.getItem(KEY)) || []; } catch { /* not ours */ }
    sessionStorage.removeItem(KEY);
    for (const act of kept) {
      if (act.person !== words.person || Date.now() - act.at > KEPT_MS) continue;
      if (act.failed) fail(act, ...act.failed); else send(act);
    }
  }

  const element = (number) => document.querySelector(`[data-alert="${CSS.escape(number)}"]`);

  function begin(link) {
    const at = link.closest("[data-alert]"), what = link.dataset.act;
    const act = {
      number: at.dataset.alert, what, word: link.dataset.word, seen: at.dataset.seen, part: at.dataset.part,
      address: link.getAttribute("href").replace(/\/act\/.*$/, "/act"), about: at.querySelector("bdi").textContent, choice: "", why: "",
      person: words.person, at: Date.now(), failed: null,
    };
    const dialog = document.querySelector(`[data-dialog="${CSS.escape(what)}"]`);
    if (dialog) ask(dialog, act); else send(act);
  }

  function ask(dialog, act) {
    const form = dialog.querySelector("form"), wanted = dialog.querySelector(".wanted");
    form.reset();
    wanted.hidden = true;
    dialog.querySelector("[data-about]").textContent = act.about;
    form.onsubmit = (event) => {
      event.preventDefault();
      const given = new FormData(form);
      act.choice = given.get("choice") || "";
      act.why = (given.get("why") || "").trim();
      if (!act.choice && !act.why) { wanted.hidden = false; return; }
      dialog.close();
      send(act);
    };
    dialog.showModal();
    (form.querySelector("[data-first]") || form.querySelector("textarea")).focus();
  }

  // What the alert will look like, until the server says what it does look like.
  function foresee(act) {
    const at = element(act.number);
    if (!at) return null;
    const before = at.cloneNode(true);
    at.classList.add("pending");
    at.setAttribute("aria-busy", "true");
    if (act.what !== "note") {
      const chip = at.querySelector(".state .chip");
      chip.className = `chip state-${act.what}`;
      chip.textContent = act.word;
    }
    at.querySelectorAll("[data-act]").forEach((each) => { each.removeAttribute("data-key"); each.setAttribute("aria-disabled", "true"); });
    return before;
  }

  function put(number, fresh) {
    const at = element(number);
    if (!at || !fresh) return;
    if (at.classList.contains("here")) fresh.classList.add("here");
    const within = at.contains(document.activeElement) || document.activeElement === document.body;
    at.replaceWith(fresh);
    if (window.htmx) htmx.process(fresh);
    if (within && fresh.classList.contains("here")) fresh.querySelector("[data-open]").focus({ preventScroll: true });
  }

  function read(text) {
    const room = document.createElement("template");
    room.innerHTML = text.trim();
    const conflict = room.content.querySelector("[data-conflict]");
    return { fresh: room.content.querySelector("[data-alert]"), said: conflict ? conflict.content.textContent.trim() : "" };
  }

  async function send(act) {
    const before = foresee(act);
    unsettled.add(act);
    act.failed = null;
    keep();
    const body = new URLSearchParams({ what: act.what, seen: act.seen, choice: act.choice, why: act.why });
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), WAIT);
    try {
      const answer = await fetch(act.address, { method: "POST", body, signal: stop.signal, keepalive: true, redirect: "error",
        headers: { "x-csrf": token(), "x-part": act.part, "hx-request": "true" } });
      const text = await answer.text();
      const { fresh, said } = read(text);
      if (answer.status === 200 && fresh) {
        put(act.number, fresh);
        unsettled.delete(act);
        keep();
      } else if (answer.status === 409 && fresh) {
        put(act.number, fresh);
        act.seen = fresh.dataset.seen;
        fail(act, words.conflict, said, Boolean(fresh.querySelector(`[data-act="${act.what}"]`)));
      } else {
        put(act.number, before);
        const heading = new DOMParser().parseFromString(text, "text/html").querySelector("h1");
        const out = answer.headers.has("hx-redirect");
        fail(act, out ? words.signedOut : words.refused, heading && !out ? heading.textContent : "", true, out);
      }
    } catch {
      put(act.number, before);
      fail(act, words.away, "", true);
    } finally {
      clearTimeout(timer);
    }
  }

  function fail(act, what, said, again, out = false) {
    act.failed = [what, said, again, out];
    unsettled.add(act);
    keep();
    const room = document.getElementById("failure").content.cloneNode(true).firstElementChild;
    room.querySelector("[data-about]").textContent = act.about;
    room.querySelector("[data-what]").textContent = act.what === "note" ? words.note : act.word;
    room.querySelector("[data-why]").textContent = [act.choice, act.why].filter(Boolean).join(": ");
    room.querySelector("[data-said]").textContent = `${what} ${said}`.trim();
    room.querySelector("[data-sign-in]").hidden = !out;
    const retry = room.querySelector("[data-retry]");
    retry.hidden = !again;
    if (what === words.conflict) retry.textContent = words.anyway;
    retry.addEventListener("click", () => { room.remove(); send(act); });
    room.querySelector("[data-drop]").addEventListener("click", () => { room.remove(); unsettled.delete(act); keep(); });
    document.getElementById("failures").append(room);
    room.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-act]");
    if (link) {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      if (link.getAttribute("aria-disabled") !== "true") begin(link);
    }
    const close = event.target.closest("[data-close]");
    if (close) close.closest("dialog").close();
  });

  // What looks like a button is pressed by the space bar too.
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches && event.target.matches("[data-act]")) { event.preventDefault(); event.target.click(); }
  });

  // In the dialog: a figure chooses a reason, Ctrl+Enter sends.
  document.addEventListener("keydown", (event) => {
    const dialog = event.target.closest && event.target.closest("[data-dialog]");
    if (!dialog || event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); dialog.querySelector("form").requestSubmit(); return; }
    if (event.target.matches("textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
    const choice = /^[1-9]$/.test(event.key) && dialog.querySelectorAll('[name="choice"]')[Number(event.key) - 1];
    if (choice) { event.preventDefault(); choice.checked = true; choice.focus(); }
    if (event.key === "Enter" && event.target.matches('[type="radio"]')) { event.preventDefault(); dialog.querySelector("form").requestSubmit(); }
  });

  restore();
})();
