// The page: data when they are looked at, drawing, keyboard, start.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const { app } = page;
  const { given, metricOf, Chart } = page;
  const {
    h, withUnit, place, atPlace, metric, clock, several, groupIds, fromFragment,
    remember, shownLines, extentX, extentY, chooseClock, allPositive, said, cursorOf,
    buildTable, moveCursor, cursorTo, fillCheckpoints, build, syncControls,
  } = app;
  let failed = "";

  const waiting = new Map();
  function load(file) {
    if (!waiting.has(file)) {
      waiting.set(file, new Promise((done, fail) => {
        const script = h("script", { src: app.root.dataset.folder + file });
        script.onload = done;
        script.onerror = () => {
          waiting.delete(file);
          fail(new Error(file));
        };
        document.head.append(script);
      }));
    }
    return waiting.get(file);
  }

  function data() {
    const whole = app.state.zoom && metricOf(app.state.metric, true);
    return whole || metricOf(app.state.metric, false);
  }

  async function changed() {
    remember();
    const asked = app.state.metric;
    const wanted = metric();
    if (!given.short.has(asked)) {
      app.ui.status.textContent = `Loading ${wanted.title} …`;
      try {
        await load(wanted.file);
      } catch {
        failed = `The file ${wanted.file.split("?")[0]} beside this page could not be read.`;
      }
      if (app.state.metric !== asked) return;
    }
    draw();
    if (app.state.zoom && wanted.whole && !given.whole.has(asked)) {
      try {
        await load(wanted.whole);
      } catch {
        wanted.whole = null; // Without it the buckets stay, and the page says so.
      }
      if (app.state.metric === asked) draw();
    }
  }
  // ------------------------------------------------------------------ drawing
  function draw() {
    const ready = Boolean(data());
    app.ui.status.textContent = ready ? "" : failed;
    if (!ready) return;
    chooseClock();
    syncControls();
    const lines = shownLines();
    const whole = extentX(lines);
    const x = app.state.zoom || whole;
    const y = extentY(lines, x);
    if (app.state.log && (!y.positive || y.empty)) {
      const every = allPositive();
      if (!every) {
        app.state.log = false;
        syncControls();
        draw();
        return;
      }
    }
    const texts = said(lines, x, y);
    app.scene = {
      lines, x, y: y.range, log: app.state.log, unit: clock().unit, title: metric().title, texts, whole,
    };
    for (const shown of lines) {
      const { line } = shown;
      if (shown.member || !line.ys.length) continue;
      shown.value = withUnit(line.ys[line.ys.length - 1], false);
    }
    app.ui.title.textContent = metric().title;
    app.ui.texts.replaceChildren(...texts.map((text) => h("p", {}, text)));
    app.ui.empty.hidden = lines.length > 0;
    app.ui.empty.textContent = app.state.shown.size === 0 ? "Nothing is chosen: tick a group at the left."
      : "No chosen run has this metric on this clock.";
    app.chart.show(app.scene);
    buildTable(lines);
    moveCursor(cursorOf(), false);
    app.ui.box.setAttribute("aria-label",
      `${metric().title} against ${clock().name}, ${several(lines.length, "line", "lines")}. `
      + "The table below has the values at the cursor.");
    app.ui.reset.hidden = !app.state.zoom;
    if (app.ui.checkpoints.open) fillCheckpoints();
    app.root.dataset.shown = String(app.state.metric);
  }







  // ------------------------------------------------------------------ keyboard
  function neighbour(x, direction) {
    const least = app.chart.step();
    let found = direction > 0 ? Infinity : -Infinity;
    for (const { line } of app.scene.lines) {
      let i = page.indexAt(line, x);
      if (direction > 0) {
        i++;
        while (i < line.xs.length && line.xs[i] < x + least) i++;
        if (i < line.xs.length && line.xs[i] < found) found = line.xs[i];
        if (line.end >= x + least && line.end < found) found = line.end;
      } else {
        while (i >= 0 && line.xs[i] > x - least) i--;
        if (i >= 0 && line.xs[i] > found) found = line.xs[i];
      }
    }
    return Number.isFinite(found) ? found : direction > 0 ? app.scene.x[1] : app.scene.x[0];
  }

  function keyed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !app.scene) return;
    const x = cursorOf();
    const jump = event.shiftKey || event.key.startsWith("Page");
    const tenth = (app.scene.x[1] - app.scene.x[0]) / 10;
    const calls = {
      ArrowRight: () => cursorTo(jump ? x + tenth : neighbour(x, 1), true),
      ArrowLeft: () => cursorTo(jump ? x - tenth : neighbour(x, -1), true),
      PageDown: () => cursorTo(x + tenth, true),
      PageUp: () => cursorTo(x - tenth, true),
      Home: () => cursorTo(app.scene.x[0], true),
      End: () => cursorTo(app.scene.x[1], true),
      "+": () => zoomBy(0.5, x),
      "=": () => zoomBy(0.5, x),
      "-": () => zoomBy(2, x),
      Escape: reset,
    };
    if (!calls[event.key]) return;
    event.preventDefault();
    calls[event.key]();
  }

  function zoomBy(factor, x) {
    const [from, to] = app.scene.x;
    const width = (to - from) * factor;
    if (width >= app.scene.whole[1] - app.scene.whole[0]) {
      reset();
      return;
    }
    const begin = Math.min(Math.max(x - width / 2, app.scene.whole[0]), app.scene.whole[1] - width);
    zoom(begin, begin + width);
  }

  function zoom(from, to) {
    if (!(to > from)) return;
    app.state.zoom = [from, to];
    if (app.state.cursor !== null) app.state.cursor = Math.min(Math.max(app.state.cursor, from), to);
    app.ui.live.textContent = `Zoomed: ${place(from, 1)} to ${atPlace(to, 1)}.`;
    changed();
  }

  function reset() {
    if (!app.state.zoom) return;
    app.state.zoom = null;
    app.ui.live.textContent = "The whole range is shown.";
    changed();
  }

  // ------------------------------------------------------------------ start
  function themed() {
    if (app.scene) app.chart.show(app.scene);
    if (app.chart.plot) app.chart.plot.redraw(false, true);
  }

  function start() {
    // Not by an id: the section that a site puts it in may be called so.
    app.root = document.querySelector(".explore[data-folder]");
    app.index = given.index;
    if (!app.root || !app.index || !app.index.metrics.length) return;
    app.index.ids = groupIds();
    const declared = app.index.groups.findIndex(([, role]) => role === "baseline");
    app.index.baseline = declared >= 0 ? declared : 0;
    app.state = fromFragment(location.hash);
    build();
    app.chart = new Chart(app.ui.box, {
      cursor: (x) => cursorTo(x, false), zoom, reset,
      hovered: (key) => {
        for (const row of app.rows) row.tr.classList.toggle("explore-hovered", row.shown.key === key);
      },
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
    new MutationObserver(themed).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    addEventListener("hashchange", () => {
      if (!app.moved()) return;
      app.state = fromFragment(location.hash);
      changed();
    });
    // On paper: the view in the light theme, sharp.
    addEventListener("beforeprint", () => { if (app.scene) app.ui.print.replaceChildren(page.svgOf(app.chart)); });
    addEventListener("afterprint", () => app.ui.print.replaceChildren());
    changed();
  }

  // Deferred scripts run before this event; the one with the index is the last of them.
  if (document.readyState === "complete") start();
  else document.addEventListener("DOMContentLoaded", start);

  Object.assign(app, {
    data, changed, keyed, reset,
  });
})();
