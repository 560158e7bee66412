// The controls beside the chart.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const { app } = page;
  const {
    h, metric, capital, several, middle, roleOf, reasonAgainst, allPositive, smoothWidth,
    swatch, fileKeys, fileFocus, fileBlur, fillCheckpoints, csv, save, svgText, savePng,
    copyLink, buildMetrics,
  } = app;
  const FILTER_FROM = 16;

  const BETTER = {
    lower: "▼ lower is better", higher: "▲ higher is better", neither: "neither direction is better",
  };

  let radios = 0;
  function choice(title, options, chosen) {
    const name = `explore-choice-${radios++}`;
    const inputs = options.map(([value, text]) => {
      const input = h("input", { type: "radio", name, value, onchange: () => chosen(value) });
      return { value, input, label: h("label", {}, input, h("span", {}, text)) };
    });
    const note = h("p", { class: "explore-note", id: `${name}-note` });
    const field = h("fieldset", { class: "explore-choice" }, h("legend", {}, title),
      h("div", { class: "explore-segments" }, ...inputs.map(({ label }) => label)), note);
    return { field, inputs, note };
  }

  function setChoice(control, value, reasons) {
    const texts = [];
    for (const one of control.inputs) {
      const reason = (reasons && reasons[one.value]) || "";
      one.input.checked = one.value === value;
      one.input.disabled = Boolean(reason);
      if (reason) one.input.setAttribute("aria-describedby", control.note.id);
      else one.input.removeAttribute("aria-describedby");
      if (reason) texts.push(reason);
    }
    control.note.textContent = texts.join(" ");
  }

  function buildRuns() {
    const list = h("ul", { class: "explore-runs" });
    app.ui.groups = app.index.groups.map(([label, , runs], g) => {
      const bold = ["winner", "baseline"].includes(app.index.groups[g][1]);
      const box = h("input", {
        type: "checkbox", onchange: () => {
          if (box.checked) app.state.shown.add(g); else app.state.shown.delete(g);
          app.changed();
        },
      });
      const name = h("span", { class: bold ? "explore-name explore-bold" : "explore-name", title: label },
        middle(label, 80));
      const single = runs.length === 1;
      const row = h("div", { class: "explore-group" },
        h("label", {}, box, swatch(roleOf(g)), name,
          single && app.index.runs[runs[0]] !== label
            ? h("span", { class: "explore-run", title: app.index.runs[runs[0]] }, middle(app.index.runs[runs[0]], 16)) : null));
      const item = h("li", {}, row);
      const members = [];
      if (!single) {
        const inner = h("ul", { class: "explore-members", hidden: true });
        const open = h("button", {
          type: "button", class: "explore-more", "aria-expanded": "false",
          "aria-label": `${several(runs.length, "run", "runs")} of ${label}`,
          onclick: () => {
            inner.hidden = !inner.hidden;
            open.setAttribute("aria-expanded", String(!inner.hidden));
          },
        }, several(runs.length, "run", "runs"));
        for (const run of runs) {
          const check = h("input", {
            type: "checkbox", onchange: () => {
              if (check.checked) app.state.members.add(run); else app.state.members.delete(run);
              app.changed();
            },
          });
          members.push({ run, check });
          inner.append(h("li", {}, h("label", {}, check, h("span", {}, app.index.runs[run]))));
        }
        row.append(open);
        item.append(inner);
      }
      list.append(item);
      const words = [label, ...runs.map((run) => app.index.runs[run])].join(" ").toLowerCase();
      return { item, box, members, words };
    });
    const button = (text, chosen) => h("button", {
      type: "button", class: "explore-link", onclick: () => {
        app.state.shown = chosen();
        app.changed();
      },
    }, text);
    const pair = app.index.groups.flatMap(([, role], g) => (["winner", "baseline"].includes(role) ? [g] : []));
    const filter = app.index.groups.length >= FILTER_FROM ? h("input", {
      type: "search", class: "explore-filter", placeholder: "Find a run", "aria-label": "Find a run",
      oninput: (event) => {
        const wanted = event.target.value.toLowerCase().split(/\s+/);
        for (const { item, words } of app.ui.groups) item.hidden = !wanted.every((word) => words.includes(word));
      },
    }) : null;
    return h("fieldset", { class: "explore-choice" }, h("legend", {}, "Runs"),
      h("div", { class: "explore-links" },
        button("All", () => new Set(app.index.groups.keys())),
        pair.length ? button("Winner and baseline", () => new Set(pair)) : null,
        button("None", () => new Set())),
      filter, list);
  }


  function buildBaseline() {
    if (app.index.groups.some(([, role]) => role === "baseline")) return null;
    const select = h("select", {
      id: "explore-baseline", onchange: () => {
        app.state.baseline = Number(select.value);
        app.changed();
      },
    }, ...app.index.groups.map(([label], g) => h("option", { value: g }, label)));
    app.ui.baseline = select;
    return h("div", { class: "explore-choice" }, h("label", { for: "explore-baseline" }, "Differences to"), select);
  }

  function buildSmoothing() {
    const input = h("input", {
      type: "range", id: "explore-smooth", min: 0, max: app.SMOOTH.length - 1, step: 1,
      oninput: () => {
        app.state.smooth = Number(input.value);
        app.changed();
      },
    });
    app.ui.smooth = input;
    app.ui.smoothText = h("span", { class: "explore-muted" });
    return h("div", { class: "explore-choice" },
      h("label", { for: "explore-smooth" }, "Smoothing ", app.ui.smoothText), input);
  }

  function build() {
    app.ui = { fellBack: "" };
    app.ui.clock = choice("Clock", app.index.clocks.map((one, c) => [c, capital(one.name)]), (value) => {
      app.state.clock = value;
      app.state.zoom = null;
      app.state.cursor = null;
      app.changed();
    });
    app.ui.show = choice("Show", [["best", "Best so far"], ["raw", "Raw"]], (value) => {
      app.state.best = value === "best";
      app.changed();
    });
    app.ui.scale = choice("Scale", [["linear", "Linear"], ["log", "Log"]], (value) => {
      app.state.log = value === "log";
      app.changed();
    });
    app.ui.finished = h("input", {
      type: "checkbox", onchange: () => {
        app.state.unfinished = !app.ui.finished.checked;
        app.changed();
      },
    });
    app.ui.finishedRow = h("label", { class: "explore-check" }, app.ui.finished,
      h("span", {}, `Leave out unfinished ${app.index.episodes}`));
    const panel = h("form", { class: "explore-panel", "aria-label": "View", onsubmit: (event) => event.preventDefault() },
      buildRuns(), buildMetrics(), app.ui.clock.field, app.ui.show.field, buildSmoothing(), app.ui.scale.field,
      app.ui.finishedRow, buildBaseline());

    const button = (text, call) => h("button", { type: "button", class: "explore-button", onclick: call }, text);
    app.ui.copy = button("Copy link", copyLink);
    app.ui.reset = button("Reset zoom", () => app.reset());
    app.ui.title = h(app.root.dataset.heading || "h2", { class: "explore-title" });
    app.ui.texts = h("div", { class: "explore-texts" });
    app.ui.status = h("p", { class: "explore-status", role: "status" });
    app.ui.live = h("p", { class: "explore-spoken", "aria-live": "polite" });
    app.ui.empty = h("p", { class: "explore-empty", hidden: true });
    app.ui.print = h("div", { class: "explore-print" });
    app.ui.box = h("div", {
      class: "explore-chart", tabindex: "0", role: "group", "aria-describedby": "explore-hint", 
      onkeydown: (event) => app.keyed(event),
    });
    app.ui.valueHead = h("th", { scope: "col", class: "n" }, "Value");
    app.ui.pointHead = h("th", { scope: "col", class: "n" });
    app.ui.head = h("tr", {}, h("th", { scope: "col" }, "Group"), h("th", { scope: "col" }, "Run"), app.ui.valueHead,
      app.ui.pointHead, h("th", { scope: "col", class: "n" }, "Against baseline"),
      h("th", { scope: "col", class: "n" }, "Step"), h("th", { scope: "col" }, "File"));
    app.ui.body = h("tbody", { onkeydown: fileKeys, onfocusin: fileFocus, onfocusout: fileBlur });
    app.ui.checkpoints = h("details", { class: "explore-checkpoints", ontoggle: () => app.ui.checkpoints.open && fillCheckpoints() },
      h("summary", {}, "The curves as a table"));
    const view = h("section", { class: "explore-view", "aria-label": "Chart" },
      h("div", { class: "explore-top" },
        h("div", {}, h("p", { class: "explore-kicker" }, "Explore"), app.ui.title),
        h("div", { class: "explore-buttons" }, app.ui.copy, button("CSV", () => save(csv(), "text/csv;charset=utf-8", "csv")),
          button("PNG", savePng), button("SVG", () => save(svgText(), "image/svg+xml", "svg")))),
      app.ui.texts, app.ui.status, app.ui.empty, app.ui.print, app.ui.box,
      h("div", { class: "explore-below" },
        h("p", { class: "explore-hint", id: "explore-hint" }, "Drag to zoom, double-click to reset. Arrow keys move the cursor, "
          + "+ and − zoom, Esc resets."), app.ui.reset));
    app.ui.now = h("div", {
      class: "explore-values explore-now", tabindex: "0", role: "region", "aria-label": "Values at the cursor",
    }, h("table", {}, h("thead", {}, app.ui.head), app.ui.body));
    const values = h("section", { class: "explore-data", "aria-label": "Values" },
      app.ui.now, app.ui.checkpoints, app.ui.live);
    app.root.append(h("div", { class: "explore-app" }, panel, view, values));
    app.root.classList.add("explore-on");
  }





  function syncControls() {
    const one = metric();
    app.ui.groups.forEach(({ box, members, item }, g) => {
      box.checked = app.state.shown.has(g);
      for (const { run, check } of members) check.checked = app.state.members.has(run);
      const now = app.data();
      const without = Boolean(now) && !app.index.groups[g][2].some((run) => now.series.has(run));
      item.classList.toggle("explore-without", without);
      if (without) item.title = "has no such metric"; else item.removeAttribute("title");
    });
    if (document.activeElement !== app.ui.metric || app.ui.metric.getAttribute("aria-expanded") === "false") app.ui.metric.value = one.title;
    app.ui.metric.title = one.tag;
    for (const { m, option } of app.ui.options) option.setAttribute("aria-selected", String(m === app.state.metric));
    app.ui.metricNote.textContent = [BETTER[one.better], one.group.toLowerCase()].filter(Boolean).join(" · ");
    const reasons = app.index.clocks.map((known, c) => {
      const reason = reasonAgainst(c);
      return reason && `${capital(known.name)}: ${reason}`;
    });
    setChoice(app.ui.clock, app.state.clock, reasons);
    setChoice(app.ui.show, app.state.best ? "best" : "raw", one.better === "neither"
      ? { best: "No best so far: neither direction is better." } : {});
    setChoice(app.ui.scale, app.state.log ? "log" : "linear",
      allPositive() ? {} : { log: "Log: there are values of zero or less." });
    app.ui.smooth.value = String(app.state.best ? 0 : app.state.smooth);
    app.ui.smooth.disabled = app.state.best;
    const width = app.state.best ? "" : smoothWidth();
    app.ui.smoothText.textContent = app.state.best ? "off, for raw only" : width ? `mean of the last ${width}` : "off";
    app.ui.smooth.setAttribute("aria-valuetext", app.ui.smoothText.textContent);
    app.ui.finishedRow.hidden = one.cutoff === null;
    app.ui.finished.checked = !app.state.unfinished;
    if (app.ui.baseline) app.ui.baseline.value = String(app.state.baseline);
  }

  Object.assign(app, {
    build, syncControls,
  });
})();
