// What somebody had filled in is kept in this tab when the session has ended meanwhile, and is there again after
// signing in. It also tells the server which requests a page makes by itself while nobody touches it.
"use strict";
(() => {
  const KEY = "kuraban.draft";
  const KEPT_MS = 30 * 60 * 1000, ATTENDED_MS = 60 * 1000;
  const here = () => location.pathname + location.search;
  const target = (form) => form.getAttribute("hx-post") || form.getAttribute("action") || "";
  let touched = Date.now();

  function keep(form) {
    const fields = [...form.elements].filter((each) => each.name && each.name !== "csrf" && !["hidden", "password", "file", "submit", "button"].includes(each.type))
      .map((each) => [each.name, each.value, ["checkbox", "radio"].includes(each.type) ? each.checked : null]);
    if (!fields.length) return;
    try { sessionStorage.setItem(KEY, JSON.stringify({ page: here(), form: target(form), fields, at: Date.now() })); } catch { /* no room: nothing is kept */ }
  }

  function restore() {
    let draft = null;
    try { draft = JSON.parse(sessionStorage.getItem(KEY)); } catch { /* not ours */ }
    if (!draft) return;
    if (/\/(sign-in$|enter\/)/.test(location.pathname)) {
      sessionStorage.setItem(KEY, JSON.stringify({ ...draft, ended: true }));
      return;
    }
    if (!draft.ended || Date.now() - draft.at > KEPT_MS) { sessionStorage.removeItem(KEY); return; }
    if (draft.page !== here()) { // signed in by a link, which leads to the start
      document.querySelector("#waiting a").href = draft.page;
      document.getElementById("waiting").hidden = false;
      return;
    }
    sessionStorage.removeItem(KEY);
    const form = [...document.querySelectorAll("form")].find((each) => target(each) === draft.form);
    if (!form) return;
    for (const [name, value, checked] of draft.fields) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (checked === null) field.value = value;
        else if (field.value === value) field.checked = checked;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
    const dialog = form.closest("dialog");
    if (dialog && !dialog.open) dialog.showModal();
    for (let each = form.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
    document.getElementById("restored").hidden = false;
  }

  addEventListener("submit", (event) => { if (event.target.method === "post" || event.target.hasAttribute("hx-post")) keep(event.target); }, true);
  for (const name of ["keydown", "pointerdown", "pointermove", "scroll"]) {
    addEventListener(name, () => { touched = Date.now(); }, { capture: true, passive: true });
  }
  document.addEventListener("htmx:configRequest", (event) => {
    if (Date.now() - touched > ATTENDED_MS) event.detail.headers["x-unattended"] = "1";
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest("form");
    if (form && event.detail.successful && !event.detail.xhr.getResponseHeader("hx-redirect")) sessionStorage.removeItem(KEY);
  });
  document.addEventListener("DOMContentLoaded", restore);
})();
