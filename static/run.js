// The run page: how old the figures are, a log that stays where one reads, a curve to zoom into.
(function () {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const script = document.currentScript;

  // "Updated 4 s ago"; amber once three updates in a row did not come.
  let heard = Date.now();
  document.addEventListener("htmx:afterRequest", (event) => {
    const { status } = event.detail.xhr;
    if (event.detail.elt.id === "run-live" && ((status >= 200 && status < 300) || status === 304)) { heard = Date.now(); tick(); }
  });
  function tick() {
    const node = $("[data-updated]");
    if (!node) return;
    const age = Math.round((Date.now() - heard) / 1000), late = age > 3 * Number(node.dataset.every) + 1;
    node.classList.toggle("late", late);
    node.textContent = (age < 2 ? "Updated just now." : "Updated " + age + " s ago.") + (late ? " The portal does not answer; it is tried again." : "");
  }
  setInterval(tick, 1000);

  // The log follows its end until somebody scrolls up; it goes on when they are back at the end.
  const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  const toEnd = () => { const log = $("pre.log[data-follow]"); if (log) log.scrollTop = log.scrollHeight; };
  let reading = false;
  document.addEventListener("scroll", (event) => {
    const log = event.target;
    if (!log.matches || !log.matches("#log-text") || !$("#run-log[hx-get]")) return;
    const was = reading;
    reading = !atEnd(log);
    log.toggleAttribute("data-follow", !reading);
    if (was !== reading) $("#log-note").textContent = reading ? "paused while you read; scroll to the end to follow" : "following, newest last";
  }, true);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (reading && event.detail.elt.id === "run-log") event.preventDefault();
    else if (event.detail.elt.closest("#run-log")) reading = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "run-log" && !reading) toEnd(); });
  toEnd();

  // Zoom. uPlot is loaded when somebody asks for it; colours come from the theme.
  const dialog = $("#zoom"), from = $("#zoom-from"), to = $("#zoom-to");
  const colour = (name) => getComputedStyle(document.body).getPropertyValue("--" + name).trim();
  let plot = null, loaded = null;
  function load() {
    loaded = loaded || new Promise((done, failed) => {
      const sheet = document.createElement("link"), code = document.createElement("script");
      sheet.rel = "stylesheet"; sheet.href = script.dataset.uplotCss; code.src = script.dataset.uplot;
      code.onload = done; code.onerror = failed;
      document.head.append(sheet, code);
    });
    return loaded;
  }
  const names = (text) => text.split(";").filter(Boolean).map((part) => part.split("|"));
  function columns(series, wanted) {
    const steps = [...new Set(wanted.flatMap(([name]) => (series[name] || []).map((point) => point[0])))].sort((a, b) => a - b);
    return [steps, ...wanted.map(([name]) => { const known = new Map(series[name] || []); return steps.map((step) => known.has(step) ? known.get(step) : null); })];
  }
  function limits() { const low = Number(from.value), high = Number(to.value); if (plot && high > low) plot.setScale("x", { min: low, max: high }); }
  function all() { const steps = plot.data[0]; plot.setScale("x", { min: steps[0], max: steps[steps.length - 1] }); }
  async function draw(button) {
    const wanted = names(button.dataset.zoom), box = $("#zoom-plot");
    $("#h-zoom").textContent = wanted.map((pair) => pair[1]).join(" and ");
    dialog.showModal();
    const [answer] = await Promise.all([fetch(dialog.dataset.source, { headers: { Accept: "application/json" } }), load()]);
    const data = columns((await answer.json()).series, wanted);
    const axis = { stroke: colour("text-2"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") }, font: "11px Inter, sans-serif" };
    const lines = wanted.map((pair, at) => ({ label: pair[1], stroke: colour("s" + (at ? at + 2 : 1)), width: 2, dash: at ? [6, 3] : [], spanGaps: true }));
    if (plot) plot.destroy();
    plot = new window.uPlot({
      width: box.clientWidth - 32, height: 320, scales: { x: { time: false } }, axes: [axis, { ...axis, size: 64 }], series: [{ label: "Step" }, ...lines],
      hooks: { setScale: [(own, key) => { if (key === "x") { from.value = Math.round(own.scales.x.min); to.value = Math.round(own.scales.x.max); } }] },
    }, data, box);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) draw(button);
    else if (event.target.closest("#zoom-all") && plot) all();
  });
  if (dialog) { from.addEventListener("change", limits); to.addEventListener("change", limits); }
})();
