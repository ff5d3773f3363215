// The admin console in the colours that the person chose in the portal; runs before the first paint.
(function () {
  var chosen = document.currentScript.dataset.theme;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var apply = function () { document.documentElement.dataset.theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen; };
  dark.addEventListener("change", apply);
  apply();
})();
