// What HTML and htmx cannot do by themselves: palette, shortcuts, toasts, colours, focus after swaps. Pages work without it.
(function () {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  const apple = /Mac|iP(hone|ad)/.test(navigator.platform);
  if (apple) all("[data-mod]").forEach((key) => { key.textContent = "⌘" + (key.dataset.mod || "K"); });

  // Errors that carry a page (400, 403, 404, 409, 422) are shown in place; polling answers 286 when it is done.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { status } = event.detail.xhr;
    if ([400, 403, 404, 409, 422].includes(status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:sendError", () => toast("The portal cannot be reached. What you see may be old; it is tried again.", "bad"));
  document.addEventListener("htmx:responseError", () => toast("Something broke on our side. Reload the page; if it stays, tell your CoE lead.", "bad"));

  // One toast a sentence: what is shown already is not said again.
  function toast(text, kind = "ok") {
    const template = $("#toast-" + kind) || $("#toast-info");
    if (!template || all("#toasts p").some((shown) => shown.textContent === text)) return;
    const node = template.content.firstElementChild.cloneNode(true);
    $("p", node).textContent = text;
    $("#toasts").append(node);
    if (kind !== "bad") setTimeout(() => node.remove(), 9000);
  }
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.kind));
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close]");
    if (close) (close.closest("dialog") ? close.closest("dialog").close() : close.closest(".toast-x").remove());
    const opener = event.target.closest("[data-dialog]");
    if (opener) openDialog(opener, event);
    if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
    if (event.target.closest("[data-palette]")) { event.preventDefault(); openPalette(); }
    if (event.target.matches("dialog")) event.target.close();
  });

  // A dialog may serve several buttons: the one pressed gives the verdict, the heading and the words of its button.
  function openDialog(opener, event) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (!dialog) return;
    event.preventDefault();
    const verdict = $("[name=verdict]", dialog);
    if (verdict && opener.dataset.verdict) {
      verdict.value = opener.dataset.verdict;
      all("[data-says]", dialog).forEach((node) => { node.textContent = opener.dataset[node.dataset.says] || node.textContent; });
      all("[data-only]", dialog).forEach((node) => { node.hidden = !node.dataset.only.split(" ").includes(verdict.value); });
    }
    dialog.showModal();
  }

  // What was refused is said first: in the sheet where it was sent from a phone, else in the summary of errors.
  const refused = $("dialog[data-reopen]");
  const resend = refused && $(`.dock [data-verdict="${refused.dataset.reopen}"]`);
  if (resend && resend.offsetParent) resend.click();
  else if ($(".sum-x[tabindex]")) $(".sum-x[tabindex]").focus();

  // Colours: shown at once, kept by the form's own post.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-to]");
    if (!button) return;
    const root = document.documentElement;
    root.dataset.theme = button.value;
    root.setAttribute("data-bs-theme", button.value);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const shown = event.target.matches(".theme-x") && all("[data-theme-to]", event.target).find((each) => each.offsetParent);
    if (shown) shown.focus();
  });

  // State changes are announced once, politely; numbers are not. The bell follows the inbox's badge.
  let lastState = $("[data-announce]") && $("[data-announce]").dataset.announce;
  document.addEventListener("htmx:afterSwap", (event) => {
    const node = $("[data-announce]");
    if (node && node.dataset.announce !== lastState) { lastState = node.dataset.announce; $("#live").textContent = lastState; }
    const log = $("pre.log[data-follow]");
    if (log && !log.matches(":hover, :focus")) log.scrollTop = log.scrollHeight;
    const summary = $(".sum-x[tabindex]");
    if (summary && !summary.dataset.seen) { summary.dataset.seen = "1"; summary.focus(); }
    if (event.target.id === "palette-hits") listHits();
    if (event.target.matches("[data-badge]")) $("[data-badge-dot]").hidden = !event.target.textContent.trim();
  });

  // Palette: focus stays in the field, the arrows choose, Enter opens.
  const palette = $("#palette");
  const openPalette = () => { if (palette && !palette.open) { palette.showModal(); const input = $("input", palette); input.select(); input.dispatchEvent(new Event("palette")); } };
  const choose = (item) => {
    all(".pal-i", palette).forEach((each) => { each.classList.toggle("on", each === item); each.setAttribute("aria-selected", String(each === item)); });
    const input = $("input", palette);
    if (item) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
  };
  const listHits = () => {
    const list = $("#palette-results", palette);
    const found = all(".pal-i", palette);
    if (list && found.length) { list.setAttribute("role", "listbox"); list.setAttribute("aria-label", "Results"); list.tabIndex = 0; }
    all("ul", palette).forEach((group) => group.setAttribute("role", "group"));
    all("li, h2", palette).forEach((node) => node.setAttribute("role", "presentation"));
    found.forEach((item, at) => { item.id = "hit-" + at; item.setAttribute("role", "option"); item.tabIndex = -1; });
    $("input", palette).setAttribute("aria-expanded", String(found.length > 0));
    choose(found[0]);
  };
  const move = (step) => {
    const items = all(".pal-i", palette);
    const at = items.findIndex((item) => item.classList.contains("on"));
    choose(items[(at + step + items.length) % items.length]);
  };
  if (palette) {
    const input = $("input", palette);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-controls", "palette-hits");
    input.setAttribute("aria-expanded", "false");
    palette.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
      if (event.key === "Escape") { event.preventDefault(); palette.close(); }
      if (event.key !== "Enter" || event.target !== input) return;
      const item = $(".pal-i.on", palette);
      if (!item) return;
      event.preventDefault();
      if (event.metaKey || event.ctrlKey) window.open(item.href, "_blank", "noopener"); else item.click();
    });
  }

  // A field that suggests colleagues brings its script when it is first entered; few pages have one.
  document.addEventListener("focusin", (event) => { if (event.target.dataset.suggests) import(event.target.dataset.suggests); });

  // Single keys: J and K move in lists, A goes to the decision, N proposes, ? explains. Off while typing or by choice.
  const single = document.body.dataset.shortcuts === "on";
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (!single || event.metaKey || event.ctrlKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      const items = all("[data-nav]").filter((item) => item.offsetParent);
      const focused = items.indexOf(document.activeElement);
      const at = focused < 0 ? items.findIndex((item) => item.hasAttribute("aria-current")) : focused;
      const next = items[Math.min(items.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))];
      if (next) next.focus();
    } else if (key === "a") { const node = all("[data-key=a]").find((each) => each.offsetParent); if (node) { event.preventDefault(); node.focus(); } }
    else if (key === "n") { const node = $("[data-key=n]"); if (node) node.click(); }
    else if (event.key === "?") { const dialog = $("#shortcuts"); if (dialog) dialog.showModal(); }
  });
})();
