// What HTML and htmx cannot do by themselves: palette, shortcuts, toasts, focus after swaps. Pages work without it.
(function () {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

  // Errors that carry a page (400, 403, 404, 409, 422) are shown in place; polling answers 286 when it is done.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { status } = event.detail.xhr;
    if ([400, 403, 404, 409, 422].includes(status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:sendError", () => toast("The portal cannot be reached. What you see may be old; it is tried again.", "bad"));
  document.addEventListener("htmx:responseError", () => toast("Something broke on our side. Reload the page; if it stays, tell your CoE lead.", "bad"));

  function toast(text, kind = "ok") {
    const template = $("#toast-" + kind) || $("#toast-info");
    if (!template) return;
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
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (dialog) { event.preventDefault(); const verdict = $("[name=verdict]", dialog); if (verdict && opener.value) verdict.value = opener.value; dialog.showModal(); }
    }
    if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
  });

  // State changes are announced once, politely; numbers are not.
  let lastState = $("[data-announce]") && $("[data-announce]").dataset.announce;
  document.addEventListener("htmx:afterSwap", () => {
    const node = $("[data-announce]");
    if (node && node.dataset.announce !== lastState) { lastState = node.dataset.announce; $("#live").textContent = lastState; }
    const log = $("pre.log[data-follow]");
    if (log && !log.matches(":hover, :focus")) log.scrollTop = log.scrollHeight;
    const summary = $(".sum-x[tabindex]");
    if (summary && !summary.dataset.seen) { summary.dataset.seen = "1"; summary.focus(); }
  });

  // Palette
  const palette = $("#palette");
  const openPalette = () => { if (palette && !palette.open) { palette.showModal(); const input = $("input", palette); input.select(); input.dispatchEvent(new Event("input", { bubbles: true })); } };
  const move = (step) => {
    const items = all(".pal-i", palette);
    const at = items.findIndex((item) => item.classList.contains("on"));
    items.forEach((item) => item.classList.remove("on"));
    const next = items[(at + step + items.length) % items.length];
    if (next) { next.classList.add("on"); next.scrollIntoView({ block: "nearest" }); }
  };
  document.addEventListener("click", (event) => { if (event.target.closest("[data-palette]")) { event.preventDefault(); openPalette(); } });
  if (palette) palette.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
    if (event.key === "Enter") { const item = $(".pal-i.on", palette) || $(".pal-i", palette); if (item) { event.preventDefault(); item.click(); } }
  });

  // Single keys: J and K move in lists, A goes to the decision, N proposes, ? explains. Off while typing or by choice.
  const single = document.body.dataset.shortcuts === "on";
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (!single || event.metaKey || event.ctrlKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      const items = all("[data-nav]");
      const at = items.findIndex((item) => item === document.activeElement || item.hasAttribute("aria-current"));
      const next = items[Math.min(items.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))];
      if (next) next.focus();
    } else if (key === "a") { const node = $("[data-key=a]"); if (node) node.focus(); }
    else if (key === "n") { const node = $("[data-key=n]"); if (node) node.click(); }
    else if (event.key === "?") { const dialog = $("#shortcuts"); if (dialog) dialog.showModal(); }
  });
})();
