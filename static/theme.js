// Says that scripts run, and follows the system's colours when the person has not chosen; runs before the first paint.
(function () {
  var root = document.documentElement;
  root.classList.add("has-script");
  if (root.dataset.theme !== "auto") return;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var apply = function () { root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", apply);
  apply();
})();
