// What somebody ticks while a search for data sets is under way stays ticked: the search is sent again with it.
(function () {
  "use strict";
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr, requestConfig } = event.detail;
    if (!target.matches(".picks") || xhr.status !== 200) return;
    const asked = new URL(xhr.responseURL).searchParams;
    const sent = asked.getAll(asked.get("field"));
    const ticked = Array.from(target.querySelectorAll(":checked"), (box) => box.value);
    if (ticked.length === sent.length && ticked.every((key) => sent.includes(key))) return;
    event.detail.shouldSwap = false;
    requestConfig.elt.requestSubmit();
  });
})();
