// Makes a passkey, or signs in by one: <button data-passkey="make | enter" data-ask="…" data-send="…">.
// What the server wants is asked for when the button is pressed: a challenge is good for three minutes.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const keys = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  function written(credential) {
    const { id, type, rawId, response } = credential;
    const found = { id, type, rawId: text(rawId), clientExtensionResults: credential.getClientExtensionResults(), response: {} };
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) found.response[name] = text(response[name]);
    }
    return JSON.stringify(found);
  }

  async function make(wanted) {
    const publicKey = { ...wanted, challenge: bytes(wanted.challenge), user: { ...wanted.user, id: bytes(wanted.user.id) }, excludeCredentials: keys(wanted.excludeCredentials) };
    return navigator.credentials.create({ publicKey });
  }

  async function enter(wanted) {
    return navigator.credentials.get({ publicKey: { ...wanted, challenge: bytes(wanted.challenge), allowCredentials: keys(wanted.allowCredentials) } });
  }

  async function sent(button, url, fields) {
    const headers = button.dataset.csrf ? { "x-csrf": button.dataset.csrf } : {};
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers, redirect: "manual" });
    if (answer.type === "opaqueredirect") { location.reload(); return null; } // the session has ended
    return answer;
  }

  async function run(button) {
    const said = document.querySelector("[data-passkey-said]");
    const say = (words) => { said.textContent = words; said.hidden = !words; };
    say("");
    if (!window.PublicKeyCredential) { say(button.dataset.none); return; }
    button.disabled = true;
    try {
      const asked = await sent(button, button.dataset.ask, {});
      if (!asked) return;
      if (!asked.ok) { say(asked.headers.get("content-type").startsWith("text/plain") ? await asked.text() : button.dataset.gone); return; }
      const wanted = await asked.json();
      const credential = await (button.dataset.passkey === "make" ? make(wanted) : enter(wanted));
      const name = document.getElementById("passkey-name");
      const answer = await sent(button, button.dataset.send, { credential: written(credential), ...(name ? { name: name.value } : {}) });
      if (!answer) return;
      if (answer.status === 204) location.reload();
      else if (answer.ok) location.assign((await answer.json()).go);
      else say(answer.headers.get("content-type").startsWith("text/plain") ? await answer.text() : button.dataset.gone);
    } catch (error) {
      if (error instanceof TypeError) say(button.dataset.away);
      else say((error.name === "InvalidStateError" && button.dataset.known) || button.dataset.gone);
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-passkey]");
    if (button) run(button);
  });
})();
