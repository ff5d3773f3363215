// Follows the system's colours when the person has not chosen; runs before the first paint.
(function () {
  var root = document.documentElement;
  if (root.dataset.theme !== "auto") return;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var apply = function () { root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", apply);
  apply();
})();
