// The policy editor: a click on a line number goes to that line of the text. Without it the lines are still named.
(function () {
  "use strict";
  const text = document.getElementById("id_source");
  if (!text) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    const number = Number(link.dataset.line);
    const lines = text.value.split("\n");
    const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[number - 1] || "").length);
    text.scrollTop = Math.max(0, (number - 6) * (text.scrollHeight / lines.length));
  });
})();
