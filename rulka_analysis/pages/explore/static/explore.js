// The page: controls, table, links and files of a view. Names come from logs and are set as text.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const { given, metricOf, lineOf, meanOf, pointAt, hasClock, Chart, STYLES } = page;
  const SMOOTH = [0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3];
  const PALETTE = 6;
  const FILTER_FROM = 16;
  const SPOKEN = 5;
  const CHECKPOINTS = 8;
  const IN_SIGHT = 24;
  const OTHER = "Other tags";
  const MINUS = "−";

  let root;
  let index;
  let state;
  let chart;
  let ui;
  let rows = [];
  let scene = null;
  let moving = false;
  let failed = "";

  // ------------------------------------------------------------------ elements and words
  function h(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function grouped(text) {
    const [whole, rest] = text.split(".");
    const signed = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",").replace("-", MINUS);
    return rest === undefined ? signed : `${signed}.${rest}`;
  }

  function special(value) {
    if (Number.isNaN(value)) return "NaN";
    return value > 0 ? "∞" : `${MINUS}∞`;
  }

  // The fewest digits that still are the logged value.
  function shortest(value) {
    const single = Math.fround(value) === value;
    for (let digits = 1; digits <= (single ? 9 : 17); digits++) {
      const text = value.toPrecision(digits);
      if (single ? Math.fround(Number(text)) === value : Number(text) === value) {
        return plain(Number(text));
      }
    }
    return plain(value);
  }

  function plain(value) {
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e15 || size < 1e-6)) return String(value).replaceAll("-", MINUS);
    return grouped(String(value));
  }

  function number(value, exact) {
    if (!Number.isFinite(value)) return special(value);
    const { digits } = metric();
    if (digits >= 0) return grouped(value.toFixed(digits));
    if (exact) return shortest(value);
    // Computed numbers: as many decimals as the axis makes a difference of.
    const range = scene ? scene.y[1] - scene.y[0] : Math.abs(value) || 1;
    const decimals = 3 - Math.floor(Math.log10(range));
    return decimals > 12 || decimals < -12 ? plain(Number(value.toPrecision(5)))
      : grouped(value.toFixed(Math.max(0, decimals)));
  }

  function withUnit(value, exact) {
    const { unit } = metric();
    return Number.isFinite(value) && unit ? `${number(value, exact)} ${unit}` : number(value, exact);
  }

  function rounded(value) {
    const { digits } = metric();
    return digits >= 0 ? Number(value.toFixed(digits)) : value;
  }

  function place(x, digits) {
    const text = x.toFixed(Math.max(0, Math.min(3, digits)));
    return grouped(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  }

  const atPlace = (x, digits) => `${place(x, digits)} ${clock().unit}`;

  function cursorDigits() {
    const step = chart && chart.plot ? chart.step() : 1;
    return step >= 1 ? 0 : Math.ceil(-Math.log10(step));
  }

  const metric = () => index.metrics[state.metric];
  const clock = () => index.clocks[state.clock];
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const several = (n, one, many) => `${grouped(String(n))} ${n === 1 ? one : many}`;

  // Names of runs differ at their ends.
  function middle(text, longest) {
    if (text.length <= longest) return text;
    const end = Math.ceil(longest * 0.6);
    return `${text.slice(0, longest - end - 1)}…${text.slice(-end)}`;
  }

  function shortFile(name) {
    const slash = name.lastIndexOf("/");
    const folder = slash < 0 ? "" : name.slice(0, slash + 1);
    const file = name.slice(slash + 1);
    const begin = folder.length > 16 ? `${folder.slice(0, 14)}…/` : folder;
    return file.length > 24 ? `${begin}…${file.slice(-17)}` : begin + file;
  }

  // ------------------------------------------------------------------ the view as a link
  function groupIds() {
    const seen = new Map();
    return index.groups.map(([label]) => {
      const times = (seen.get(label) || 0) + 1;
      seen.set(label, times);
      return times > 1 ? `${label}~${times}` : label;
    });
  }

  // Half a character, as damaged names have, cannot be written in an address.
  const encode = (text) => encodeURIComponent(text.toWellFormed ? text.toWellFormed() : text);
  const listed = (names) => names.map(encode).join(",");
  const unlisted = (text) => (text ? text.split(",").map(decode) : []);

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function fragment() {
    const ids = index.ids;
    const parts = [
      ["x", clock().key],
      ["m", encode(metric().tag)],
      ["y", state.best ? "best" : "raw"],
    ];
    const hidden = ids.filter((_, g) => !state.shown.has(g));
    if (hidden.length) {
      const shown = ids.filter((_, g) => state.shown.has(g));
      if (shown.length <= hidden.length) parts.push(["g", listed(shown)]);
      else parts.push(["h", listed(hidden)]);
    }
    const members = [...state.members].sort((a, b) => a - b).map((run) => index.runs[run]);
    if (members.length) parts.push(["d", listed(members)]);
    if (state.smooth && !state.best) parts.push(["s", String(SMOOTH[state.smooth] * 100)]);
    if (state.log) parts.push(["l", "1"]);
    if (state.unfinished) parts.push(["u", "1"]);
    if (state.baseline !== index.baseline) parts.push(["b", encode(ids[state.baseline])]);
    if (state.zoom) parts.push(["z", state.zoom.map(String).join(",")]);
    if (state.cursor !== null) parts.push(["c", String(state.cursor)]);
    return `#${parts.map((part) => part.join("=")).join("&")}`;
  }

  function fromFragment(text) {
    const asked = new Map(text.replace(/^#/, "").split("&").filter(Boolean).map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
    }));
    const wanted = asked.has("m") ? decode(asked.get("m")) : null;
    const m = index.metrics.findIndex((one) => one.tag === wanted);
    const chosen = m >= 0 ? m : index.start;
    const all = new Set(index.groups.keys());
    const named = (key) => new Set(unlisted(asked.get(key)).map((id) => index.ids.indexOf(id)));
    let shown = all;
    if (asked.has("g")) shown = new Set([...named("g")].filter((g) => g >= 0));
    if (asked.has("h")) {
      const hidden = named("h");
      shown = new Set([...all].filter((g) => !hidden.has(g)));
    }
    const numbers = (key) => (asked.get(key) || "").split(",").map(Number);
    const zoom = asked.has("z") ? numbers("z") : null;
    const smooth = SMOOTH.indexOf(Number(asked.get("s") || 0) / 100);
    const nearest = SMOOTH.findIndex((share) => share >= Number(asked.get("s") || 0) / 100 - 1e-9);
    const baseline = asked.has("b") ? index.ids.indexOf(decode(asked.get("b"))) : -1;
    const one = index.metrics[chosen];
    const best = asked.has("y") ? asked.get("y") === "best" : one.best;
    const cursor = asked.has("c") ? Number(asked.get("c")) : null;
    return {
      metric: chosen,
      clock: Math.max(0, index.clocks.findIndex(({ key }) => key === asked.get("x"))),
      shown,
      members: new Set(unlisted(asked.get("d")).map((run) => index.runs.indexOf(run))
        .filter((run) => run >= 0)),
      best: best && one.better !== "neither",
      smooth: smooth >= 0 ? smooth : Math.max(0, nearest),
      log: asked.get("l") === "1",
      unfinished: asked.get("u") === "1",
      baseline: baseline >= 0 ? baseline : index.baseline,
      zoom: zoom && zoom.length === 2 && zoom[0] < zoom[1] ? zoom : null,
      cursor: Number.isFinite(cursor) ? cursor : null,
      open: new Set(),
    };
  }

  let remembering = 0;
  function remember() {
    // Browsers allow a page only so many changes of its address in a while.
    clearTimeout(remembering);
    remembering = setTimeout(rememberNow, 150);
  }

  function rememberNow() {
    clearTimeout(remembering);
    const link = fragment();
    if (link !== location.hash) history.replaceState(null, "", link);
  }

  // ------------------------------------------------------------------ data
  const waiting = new Map();
  function load(file) {
    if (!waiting.has(file)) {
      waiting.set(file, new Promise((done, fail) => {
        const script = h("script", { src: root.dataset.folder + file });
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
    const whole = state.zoom && metricOf(state.metric, true);
    return whole || metricOf(state.metric, false);
  }

  async function changed() {
    remember();
    const asked = state.metric;
    const wanted = metric();
    if (!given.short.has(asked)) {
      ui.status.textContent = `Loading ${wanted.title} …`;
      try {
        await load(wanted.file);
      } catch {
        failed = `The file ${wanted.file.split("?")[0]} beside this page could not be read.`;
      }
      if (state.metric !== asked) return;
    }
    draw();
    if (state.zoom && wanted.whole && !given.whole.has(asked)) {
      try {
        await load(wanted.whole);
      } catch {
        wanted.whole = null; // Without it the buckets stay, and the page says so.
      }
      if (state.metric === asked) draw();
    }
  }

  // ------------------------------------------------------------------ lines of the view
  function lineOfRun(run) {
    const now = data();
    const series = now && now.series.get(run);
    if (!series) return null;
    const view = viewOf();
    const key = `${run} ${view.clock} ${view.best} ${view.smooth} ${view.unfinished}`;
    if (!now.lines.has(key)) {
      now.lines.set(key, hasClock(series, view.clock)
        ? lineOf(series, view, now.extents[view.clock]) : null);
    }
    return now.lines.get(key);
  }

  function lineOfGroup(g) {
    const [, , runs] = index.groups[g];
    if (runs.length === 1) return lineOfRun(runs[0]);
    const now = data();
    const view = viewOf();
    const key = `group ${g} ${view.clock} ${view.best} ${view.smooth} ${view.unfinished}`;
    if (!now.lines.has(key)) {
      const members = runs.map(lineOfRun).filter((line) => line && line.xs.length);
      now.lines.set(key, members.length ? meanOf(members, view) : null);
    }
    return now.lines.get(key);
  }

  function viewOf() {
    return {
      metric: metric(), clock: state.clock, best: state.best,
      smooth: state.best ? 0 : SMOOTH[state.smooth], unfinished: state.unfinished,
    };
  }

  function roleOf(g) {
    const role = index.groups[g][1];
    if (role) return role;
    return g < PALETTE ? `p${g}` : "other";
  }

  function shownLines() {
    const lines = [];
    index.groups.forEach(([label, , runs], g) => {
      const role = roleOf(g);
      if (state.shown.has(g)) {
        const line = lineOfGroup(g);
        if (line) {
          lines.push({
            key: `g${g}`, group: g, run: runs.length === 1 ? runs[0] : -1, name: label, role, line,
            value: "",
          });
        }
      }
      if (runs.length === 1) return;
      for (const run of runs) {
        if (!state.members.has(run)) continue;
        const line = lineOfRun(run);
        if (!line) continue;
        lines.push({
          key: `r${run}`, group: g, run, name: label, member: index.runs[run], role, line, value: "",
        });
      }
    });
    return lines;
  }

  // ------------------------------------------------------------------ ranges of the axes
  function extentX(lines) {
    const now = data();
    let high = -Infinity;
    let low = 0;
    for (const { line } of lines) {
      const n = line.xs.length;
      if (!n) continue;
      if (line.end > high) high = line.end;
      if (line.xs[n - 1] > high) high = line.xs[n - 1];
      if (line.xs[0] < low) low = line.xs[0];
    }
    if (high > low) return [low, high];
    const whole = now && now.extents[state.clock];
    return whole && whole[1] > whole[0] ? whole : [0, 1];
  }

  function extentY(lines, x) {
    let low = Infinity;
    let high = -Infinity;
    let usual = -Infinity;
    let positive = true;
    const mayCut = metric().cutoff !== null && metric().better === "lower" && !state.unfinished;
    for (const { line } of lines) {
      const lists = line.low ? [line.low, line.high] : [line.ys];
      if (line.faint) lists.push(line.faint.ys);
      for (const ys of lists) {
        const xs = ys === (line.faint && line.faint.ys) ? line.faint.xs : line.xs;
        const seen = [];
        let first = page.indexAt({ xs }, x[0]);
        if (first < 0) first = 0;
        for (let i = first; i < ys.length && xs[i] <= x[1]; i++) {
          const y = ys[i];
          if (!Number.isFinite(y)) continue;
          if (y <= 0) {
            positive = false;
            if (state.log) continue;
          }
          if (y < low) low = y;
          if (y > high) high = y;
          if (mayCut) {
            const until = Math.min(i + 1 < xs.length ? xs[i + 1] : line.end, x[1]);
            seen.push([y, line.steps ? Math.max(until - Math.max(xs[i], x[0]), 0) : 1]);
          }
        }
        if (mayCut && seen.length) usual = Math.max(usual, weighted(seen, line.steps ? 0.93 : 0.98));
      }
    }
    if (!(low <= high)) return { range: state.log ? [1, 10] : [0, 1], cut: 0, positive, empty: true };
    let cut = 0;
    if (mayCut && usual > low && high - low > 2 * (usual - low)) {
      high = usual;
      cut = lines.filter(({ line }) => line.ys.some((y, i) => y > high
        && line.xs[i] <= x[1] && (i + 1 >= line.xs.length || line.xs[i + 1] >= x[0]))).length;
    }
    return { range: padded(low, high), cut, positive };
  }

  // Value that a share of the weight lies at or below.
  function weighted(pairs, share) {
    const sorted = [...pairs].sort((a, b) => a[0] - b[0]);
    const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
    let sum = 0;
    for (const [value, weight] of sorted) {
      sum += weight;
      if (sum >= share * total) return value;
    }
    return sorted[sorted.length - 1][0];
  }

  function padded(low, high) {
    if (state.log) {
      const ratio = Math.max(high / low, 1.05) ** 0.04;
      return [low / ratio, high * ratio];
    }
    const pad = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
    // No axis below zero for what never is.
    return [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad];
  }

  // ------------------------------------------------------------------ drawing
  function draw() {
    const ready = Boolean(data());
    ui.status.textContent = ready ? "" : failed;
    if (!ready) return;
    chooseClock();
    syncControls();
    const lines = shownLines();
    const whole = extentX(lines);
    const x = state.zoom || whole;
    const y = extentY(lines, x);
    if (state.log && (!y.positive || y.empty)) {
      const every = allPositive();
      if (!every) {
        state.log = false;
        syncControls();
        draw();
        return;
      }
    }
    const texts = said(lines, x, y);
    scene = {
      lines, x, y: y.range, log: state.log, unit: clock().unit, title: metric().title, texts, whole,
    };
    for (const shown of lines) {
      const { line } = shown;
      if (shown.member || !line.ys.length) continue;
      shown.value = withUnit(line.ys[line.ys.length - 1], false);
    }
    ui.title.textContent = metric().title;
    ui.texts.replaceChildren(...texts.map((text) => h("p", {}, text)));
    ui.empty.hidden = lines.length > 0;
    ui.empty.textContent = state.shown.size === 0 ? "Nothing is chosen: tick a group at the left."
      : "No chosen run has this metric on this clock.";
    chart.show(scene);
    buildTable(lines);
    moveCursor(cursorOf(), false);
    ui.box.setAttribute("aria-label",
      `${metric().title} against ${clock().name}, ${several(lines.length, "line", "lines")}. `
      + "The table below has the values at the cursor.");
    ui.reset.hidden = !state.zoom;
    if (ui.checkpoints.open) fillCheckpoints();
    root.dataset.shown = String(state.metric);
  }

  // A clock that no shown run has cannot be drawn; the first that all of them have is taken.
  function chooseClock() {
    if (!reasonAgainst(state.clock)) return;
    const other = index.clocks.findIndex((_, c) => !reasonAgainst(c));
    if (other >= 0) {
      ui.fellBack = `${capital(clock().name)}: ${reasonAgainst(state.clock)}`;
      state.clock = other;
      state.zoom = null;
      state.cursor = null;
    }
  }

  function chosenRuns() {
    const runs = new Set(state.members);
    for (const g of state.shown) for (const run of index.groups[g][2]) runs.add(run);
    return runs;
  }

  // Why a clock cannot be chosen; empty where it can.
  function reasonAgainst(c) {
    const now = metricOf(state.metric, false);
    const lacking = new Map(index.clocks[c].lacking);
    const without = [...chosenRuns()].filter((run) => {
      const series = now && now.series.get(run);
      return series ? !hasClock(series, c) : false;
    });
    if (!without.length) return "";
    const names = without.slice(0, 2).map((run) => index.runs[run]).join(", ");
    const more = without.length > 2 ? ` and ${without.length - 2} more` : "";
    const why = without.length === 1 && lacking.get(without[0]);
    const have = without.length === 1 ? "has" : "have";
    const them = without.length === 1 ? "it" : "them";
    return `${names}${more} ${why || `${have} no such clock`}. Leave ${them} out to use `
      + `${index.clocks[c].name}.`;
  }

  function allPositive() {
    const now = data();
    if (!now) return true;
    for (const run of chosenRuns()) {
      const line = now.series.has(run) ? lineOfRun(run) : null;
      if (line && line.ys.some((y) => y <= 0)) return false;
    }
    return true;
  }

  function said(lines, x, y) {
    const one = metric();
    const unit = one.unit ? `, ${one.unit}` : "";
    const width = smoothWidth();
    let what = state.best ? "Best so far" : "As logged";
    if (!state.best && width) what = `Mean of the last ${width}, as logged behind it`;
    const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(y.range[1] - y.range[0]))));
    const edge = (value) => grouped(String(Number(value.toFixed(digits))));
    let first = `${what}${unit}, against ${clock().name}.`;
    if (lines.length && !y.empty) {
      first += ` Axis from ${edge(y.range[0])} to ${edge(y.range[1])}${one.unit ? ` ${one.unit}` : ""}`;
      first += y.cut ? `; ${several(y.cut, "line goes", "lines go")} beyond it.` : ".";
    }
    if (state.zoom) first += ` Zoomed: ${place(x[0], cursorDigits())} to ${atPlace(x[1], cursorDigits())}.`;
    const texts = [first];
    const notes = [];
    const runs = new Map();
    for (const { line } of lines) {
      for (const part of line.mean ? line.members : [line]) runs.set(part.series.run, part);
    }
    const unfinished = [...runs.values()].reduce((sum, part) => sum + part.unfinished, 0);
    let nan = 0;
    let infinite = 0;
    let kept = 0;
    let events = 0;
    let reduced = false;
    let exact = true;
    for (const { series } of runs.values()) {
      nan += series.nan;
      infinite += series.infinite;
      kept += series.values.length;
      events += series.events;
      reduced = reduced || series.reduced;
      exact = exact && series.exact;
    }
    if (one.cutoff !== null && !state.unfinished) {
      // Of a reduced series only some are here to be counted.
      notes.push(`Unfinished ${index.episodes} are left out`
        + `${unfinished && !reduced ? ` (${grouped(String(unfinished))})` : ""}.`);
    }
    if (nan + infinite) {
      notes.push(`${several(nan + infinite, "value is", "values are")} no finite number `
        + `(${nan} NaN, ${infinite} infinite).`);
    }
    if (lines.some(({ line }) => line.mean)) {
      notes.push("A line of several runs is their mean, up to where the first of them ends; the band "
        + `reaches from the lowest to the highest of them.${reduced && !state.best && !width
          ? " Of each bucket of a long series its mean is taken." : ""}`);
    }
    if (reduced) {
      notes.push(`${grouped(String(kept))} of ${grouped(String(events))} events are drawn: the first, `
        + `smallest, largest and last of each bucket${exact ? " and every new best" : ""}. `
        + "The cursor shows the last drawn one. "
        + `${one.whole ? "Zoom in for every event." : "This page was written without the others."}`);
    }
    if (ui.fellBack) {
      notes.push(ui.fellBack);
      ui.fellBack = "";
    }
    if (notes.length) texts.push(notes.join(" "));
    return texts;
  }

  function smoothWidth() {
    const now = data();
    const extent = now && now.extents[state.clock];
    if (!state.smooth || !extent) return "";
    const width = (extent[1] - extent[0]) * SMOOTH[state.smooth];
    return atPlace(width, width < 10 ? 2 : 0);
  }

  // ------------------------------------------------------------------ table
  function cursorOf() {
    if (state.cursor !== null) return state.cursor;
    // Where the shortest of the shown ends: the last place at which all can be compared.
    let end = Infinity;
    for (const { line } of scene.lines) if (line.xs.length && line.end < end) end = line.end;
    if (!Number.isFinite(end)) end = scene.x[1];
    return Math.min(Math.max(end, scene.x[0]), scene.x[1]);
  }

  function swatch(role) {
    const { width, dash } = STYLES[role];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "explore-swatch");
    svg.setAttribute("width", "18");
    svg.setAttribute("height", "8");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", "M1 4H17");
    path.setAttribute("class", `explore-stroke-${role}`);
    path.setAttribute("stroke-width", Math.max(width, 2.4));
    if (dash.length) path.setAttribute("stroke-dasharray", dash.length > 2 ? "5 2 2 2" : dash[0] < 4 ? "2 2" : "7 3");
    svg.append(path);
    return svg;
  }

  function buildTable(lines) {
    rows = lines.map((shown) => {
      const cells = {};
      const cell = (name, attributes) => {
        cells[name] = h("td", { "data-label": "", class: attributes || null });
        return cells[name];
      };
      const [, , runs] = index.groups[shown.group];
      const head = h("th", { scope: "row", title: shown.name }, swatch(shown.role),
        h("span", {}, middle(shown.name, 25)));
      const named = shown.run >= 0 ? index.runs[shown.run] : "";
      // A group that is called like its only run needs no second mention of it.
      const run = named ? (named === shown.name ? "" : middle(named, 26))
        : shown.line.of === runs.length ? several(runs.length, "run", "runs")
          : `${shown.line.of} of ${runs.length} runs`;
      const tr = h("tr", { class: `explore-row-${shown.role}${shown.member ? " explore-member" : ""}` },
        head, h("td", { title: named || null }, run), cell("value", "n"), cell("point", "n"), cell("against", "n"),
        cell("step", "n"), cell("file", "explore-file"));
      tr.addEventListener("mouseenter", () => chart.hover(shown.key));
      tr.addEventListener("mouseleave", () => chart.hover(null));
      cells.file.tabIndex = -1;
      return { shown, tr, cells, text: {} };
    });
    if (rows.length) rows[0].cells.file.tabIndex = 0;
    ui.body.replaceChildren(...rows.map((row) => row.tr));
    // Columns that need not be measured anew whenever the cursor moves.
    ui.now.classList.toggle("explore-many", rows.length > IN_SIGHT);
    ui.pointHead.textContent = state.best ? "Reached at" : state.smooth ? "Mean up to" : "Logged at";
    const labels = [...ui.head.children].map((th) => th.textContent);
    for (const { tr } of rows) {
      [...tr.children].forEach((td, i) => { if (i) td.dataset.label = labels[i]; });
    }
  }

  // What the table says of a line at a place.
  function reading(shown, x, baseline) {
    const { line } = shown;
    const { i, ended } = pointAt(line, x);
    const found = { value: "", point: "", against: "", step: "", file: "", number: NaN, better: "" };
    if (ended) {
      found.value = `ended at ${atPlace(line.end, 1)}`;
      return found;
    }
    if (i < 0) {
      found.value = "nothing yet";
      return found;
    }
    const value = line.ys[i];
    found.number = value;
    const event = line.events ? line.events[i] : -1;
    const asLogged = event >= 0 && !line.faint;
    found.value = withUnit(value, asLogged);
    if (line.mean && line.of > 1) {
      found.value += ` (${number(line.low[i])} to ${number(line.high[i])})`;
    }
    if (event >= 0) {
      const { series } = line;
      found.point = atPlace(line.xs[i], Math.max(1, cursorDigits()));
      found.step = stepText(series, event);
      found.file = series.files[series.fileOf[event]] ?? "";
      if (asLogged) found.logged = String(series.values[event]);
    }
    if (shown.group === state.baseline && !shown.member) found.against = "baseline";
    else if (baseline && Number.isFinite(baseline.number) && Number.isFinite(value)) {
      const difference = rounded(value) - rounded(baseline.number);
      const shownDifference = number(difference, false);
      const zero = Number(difference.toFixed(Math.max(metric().digits, 0) || 12)) === 0;
      const { better } = metric();
      if (better !== "neither" && !zero) {
        found.better = (difference < 0) === (better === "lower") ? "better" : "worse";
      }
      found.against = zero ? "level" : difference > 0 ? `+${shownDifference}` : shownDifference;
    }
    return found;
  }

  function stepText(series, event) {
    const steps = index.clocks.findIndex(({ key }) => key === "steps");
    if (steps >= 0 && !hasClock(series, steps)) return `no ${index.clocks[steps].name}`;
    return grouped(String(series.steps[event]));
  }

  function baselineAt(x) {
    const line = lineOfGroup(state.baseline);
    if (!line) return null;
    const { i, ended } = pointAt(line, x);
    return { number: i >= 0 && !ended ? line.ys[i] : NaN };
  }

  function setText(row, name, text) {
    if (row.text[name] === text) return;
    row.text[name] = text;
    row.cells[name].textContent = text;
  }

  function fillRow(row, found) {
    const { value, point, against, step, file, better, logged } = found;
    const { text, cells } = row;
    setText(row, "value", value);
    if (text.logged !== logged) {
      text.logged = logged;
      if (logged === undefined) cells.value.removeAttribute("title");
      else cells.value.title = `logged: ${logged}`;
    }
    setText(row, "point", point);
    setText(row, "step", step);
    if (text.against !== against + better) {
      text.against = against + better;
      cells.against.replaceChildren(against, ...(better ? [
        " ", h("span", { class: `explore-${better}`, "aria-hidden": "true" }, better === "better" ? "▲" : "▼"),
        h("span", { class: "explore-spoken" }, better),
      ] : []));
    }
    if (text.file !== file) {
      text.file = file;
      cells.file.textContent = document.activeElement === cells.file ? file : shortFile(file);
      cells.file.title = file;
    }
  }

  let filling = 0;
  function moveCursor(x, spoken, all = true) {
    if (!scene) return;
    const here = atPlace(x, cursorDigits());
    chart.setCursor(x, here);
    const head = `Value at ${here}`;
    if (ui.valueHead.textContent !== head) ui.valueHead.textContent = head;
    clearTimeout(filling);
    const baseline = baselineAt(x);
    // While the mouse moves only the rows that are in sight follow it; the others when it rests.
    const fill = (from, to) => {
      for (let k = from; k < to; k++) fillRow(rows[k], reading(scene.lines[k], x, baseline));
    };
    if (all || rows.length <= IN_SIGHT) fill(0, rows.length);
    else {
      const { scrollTop } = ui.now;
      const height = rows[0].tr.offsetHeight || 40;
      const first = Math.min(Math.floor(scrollTop / height), rows.length - IN_SIGHT);
      fill(Math.max(first, 0), Math.max(first, 0) + IN_SIGHT);
      filling = setTimeout(() => fill(0, rows.length), 120);
    }
    if (spoken) speak(here, rows.map((row) => reading(row.shown, x, baseline)));
  }

  function speak(here, found) {
    const texts = [];
    scene.lines.forEach((shown, k) => {
      if (shown.member || texts.length >= SPOKEN) return;
      const { value, against, better } = found[k];
      const versus = better ? `, ${against.replace(/^[+−]/, "")} ${better} than the baseline` : "";
      texts.push(`${shown.name}: ${value}${versus}`);
    });
    const more = scene.lines.length - texts.length;
    ui.live.textContent = `${here}. ${texts.join("; ")}${more > 0 ? `; and ${more} more in the table` : ""}.`;
  }

  function cursorTo(x, spoken) {
    if (!scene) return;
    state.cursor = Math.min(Math.max(x, scene.x[0]), scene.x[1]);
    remember();
    if (spoken) {
      moveCursor(state.cursor, true);
    } else if (!moving) {
      // Once a frame, however fast the mouse is.
      moving = true;
      requestAnimationFrame(() => {
        moving = false;
        if (state.cursor !== null) moveCursor(state.cursor, false, false);
      });
    }
  }

  // ------------------------------------------------------------------ keyboard
  function neighbour(x, direction) {
    const least = chart.step();
    let found = direction > 0 ? Infinity : -Infinity;
    for (const { line } of scene.lines) {
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
    return Number.isFinite(found) ? found : direction > 0 ? scene.x[1] : scene.x[0];
  }

  function keyed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !scene) return;
    const x = cursorOf();
    const jump = event.shiftKey || event.key.startsWith("Page");
    const tenth = (scene.x[1] - scene.x[0]) / 10;
    const calls = {
      ArrowRight: () => cursorTo(jump ? x + tenth : neighbour(x, 1), true),
      ArrowLeft: () => cursorTo(jump ? x - tenth : neighbour(x, -1), true),
      PageDown: () => cursorTo(x + tenth, true),
      PageUp: () => cursorTo(x - tenth, true),
      Home: () => cursorTo(scene.x[0], true),
      End: () => cursorTo(scene.x[1], true),
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
    const [from, to] = scene.x;
    const width = (to - from) * factor;
    if (width >= scene.whole[1] - scene.whole[0]) {
      reset();
      return;
    }
    const begin = Math.min(Math.max(x - width / 2, scene.whole[0]), scene.whole[1] - width);
    zoom(begin, begin + width);
  }

  function zoom(from, to) {
    if (!(to > from)) return;
    state.zoom = [from, to];
    if (state.cursor !== null) state.cursor = Math.min(Math.max(state.cursor, from), to);
    ui.live.textContent = `Zoomed: ${place(from, 1)} to ${atPlace(to, 1)}.`;
    changed();
  }

  function reset() {
    if (!state.zoom) return;
    state.zoom = null;
    ui.live.textContent = "The whole range is shown.";
    changed();
  }

  // ------------------------------------------------------------------ files of the view
  function csvCell(value) {
    let text = String(value);
    // A spreadsheet would take a name that begins so for a formula.
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function csv() {
    const head = ["group", "run", "tag", "shown", clock().name, "step", "value", "unit", "lowest",
      "highest", "logged", "file"];
    const out = [head.join(",")];
    const [from, to] = scene.x;
    for (const shown of scene.lines) {
      const { line } = shown;
      const begin = Math.max(line.steps ? page.indexAt(line, from) : 0, 0);
      const what = line.mean ? `mean of ${line.of} runs` : line.faint ? `mean of the last ${smoothWidth()}`
        : state.best ? "best so far" : "event";
      for (let i = begin; i < line.xs.length && line.xs[i] <= to; i++) {
        if (!line.steps && line.xs[i] < from) continue;
        const event = line.events ? line.events[i] : -1;
        const { series } = line;
        const logged = event >= 0 && !line.faint ? series.values[event] : "";
        out.push([
          shown.name, shown.run >= 0 ? index.runs[shown.run] : "", metric().tag, what, line.xs[i],
          event >= 0 ? series.steps[event] : "", line.ys[i], metric().unit,
          line.low ? line.low[i] : "", line.high ? line.high[i] : "", logged,
          event >= 0 ? series.files[series.fileOf[event]] ?? "" : "",
        ].map(csvCell).join(","));
      }
    }
    return `${out.join("\n")}\n`;
  }

  function fileName(ending) {
    const words = `${metric().tag}_${state.best ? "best" : "raw"}_${clock().name}`;
    return `${words.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 100)}.${ending}`;
  }

  function save(content, type, ending) {
    const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    const link = h("a", { href: url, download: fileName(ending) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  const svgText = () => new XMLSerializer().serializeToString(chart.svg());

  function savePng() {
    const svg = chart.svg();
    const width = Number(svg.getAttribute("width"));
    const height = Number(svg.getAttribute("height"));
    const image = new Image();
    image.onload = () => {
      const canvas = h("canvas", { width: 2 * width, height: 2 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
      canvas.toBlob((blob) => save(blob, "image/png", "png"));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  }

  async function copyLink() {
    rememberNow();
    const link = location.href;
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      // Not every browser lets a page from a folder use the clipboard.
      const field = h("textarea", { class: "explore-spoken", "aria-hidden": "true" });
      field.value = link;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    ui.copy.textContent = "Copied";
    ui.live.textContent = "Link copied.";
    setTimeout(() => { ui.copy.textContent = "Copy link"; }, 2000);
  }

  // ------------------------------------------------------------------ controls
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
    ui.groups = index.groups.map(([label, , runs], g) => {
      const bold = ["winner", "baseline"].includes(index.groups[g][1]);
      const box = h("input", {
        type: "checkbox", onchange: () => {
          if (box.checked) state.shown.add(g); else state.shown.delete(g);
          changed();
        },
      });
      const name = h("span", { class: bold ? "explore-name explore-bold" : "explore-name", title: label },
        middle(label, runs.length === 1 && index.runs[runs[0]] === label ? 27 : 40));
      const single = runs.length === 1;
      const row = h("div", { class: "explore-group" },
        h("label", {}, box, swatch(roleOf(g)), name,
          single && index.runs[runs[0]] !== label
            ? h("span", { class: "explore-run", title: index.runs[runs[0]] }, middle(index.runs[runs[0]], 16)) : null));
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
              if (check.checked) state.members.add(run); else state.members.delete(run);
              changed();
            },
          });
          members.push({ run, check });
          inner.append(h("li", {}, h("label", {}, check, h("span", {}, index.runs[run]))));
        }
        row.append(open);
        item.append(inner);
      }
      list.append(item);
      const words = [label, ...runs.map((run) => index.runs[run])].join(" ").toLowerCase();
      return { item, box, members, words };
    });
    const button = (text, chosen) => h("button", {
      type: "button", class: "explore-link", onclick: () => {
        state.shown = chosen();
        changed();
      },
    }, text);
    const pair = index.groups.flatMap(([, role], g) => (["winner", "baseline"].includes(role) ? [g] : []));
    const filter = index.groups.length >= FILTER_FROM ? h("input", {
      type: "search", class: "explore-filter", placeholder: "Find a run", "aria-label": "Find a run",
      oninput: (event) => {
        const wanted = event.target.value.toLowerCase().split(/\s+/);
        for (const { item, words } of ui.groups) item.hidden = !wanted.every((word) => words.includes(word));
      },
    }) : null;
    return h("fieldset", { class: "explore-choice" }, h("legend", {}, "Runs"),
      h("div", { class: "explore-links" },
        button("All", () => new Set(index.groups.keys())),
        pair.length ? button("Winner and baseline", () => new Set(pair)) : null,
        button("None", () => new Set())),
      filter, list);
  }

  const BETTER = {
    lower: "▼ lower is better", higher: "▲ higher is better", neither: "neither direction is better",
  };

  // A list that is found in by typing, after the pattern that screen readers know as combobox.
  function buildMetrics() {
    const list = h("div", { class: "explore-options", role: "listbox", id: "explore-options", "aria-label": "Metrics", hidden: true });
    const input = h("input", {
      type: "text", role: "combobox", id: "explore-metric", autocomplete: "off", spellcheck: "false",
      "aria-expanded": "false", "aria-controls": "explore-options", "aria-autocomplete": "list",
    });
    const options = [];
    const headings = new Map();
    index.metrics.forEach((one, m) => {
      if (!headings.has(one.group)) {
        const id = `explore-heading-${headings.size}`;
        const box = h("div", { role: "group", "aria-labelledby": id },
          h("div", { class: "explore-heading", id }, one.group || OTHER));
        headings.set(one.group, box);
        list.append(box);
      }
      const option = h("div", { role: "option", id: `explore-option-${m}`, "aria-selected": "false" },
        h("span", {}, one.title), one.tag === one.title ? null : h("span", { class: "explore-tag" }, one.tag));
      // Not click: the list would be gone by then.
      option.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(m);
      });
      options.push({ m, option, box: headings.get(one.group), words: `${one.title} ${one.tag} ${one.group || OTHER}`.toLowerCase() });
      headings.get(one.group).append(option);
    });
    const none = h("div", { class: "explore-none", hidden: true }, "No metric is called so.");
    list.append(none);
    let active = -1;

    const visible = () => [...list.querySelectorAll("[role=option]:not([hidden])")]
      .map((option) => Number(option.id.slice("explore-option-".length)));
    function activate(m) {
      if (active >= 0) options[active].option.classList.remove("explore-active");
      active = m;
      if (m < 0) input.removeAttribute("aria-activedescendant");
      else {
        options[m].option.classList.add("explore-active");
        options[m].option.scrollIntoView({ block: "nearest" });
        input.setAttribute("aria-activedescendant", `explore-option-${m}`);
      }
    }
    function find(text) {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      const seen = new Set();
      for (const one of options) {
        const fits = words.every((word) => one.words.includes(word));
        one.option.hidden = !fits;
        if (fits) seen.add(one.box);
      }
      for (const box of headings.values()) box.hidden = !seen.has(box);
      none.hidden = seen.size > 0;
      const there = visible();
      activate(words.length ? there[0] ?? -1 : there.includes(state.metric) ? state.metric : -1);
    }
    function open() {
      if (!list.hidden) return;
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      input.select();
      find("");
    }
    function close() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.value = metric().title;
      activate(-1);
    }
    function take(m) {
      const same = m === state.metric;
      if (!same) {
        state.metric = m;
        const one = metric();
        state.best = one.best;
        state.zoom = null;
        state.cursor = null;
        state.log = false;
      }
      close();
      if (!same) changed();
    }
    input.addEventListener("click", open);
    input.addEventListener("input", () => {
      const text = input.value;
      if (list.hidden) {
        list.hidden = false;
        input.setAttribute("aria-expanded", "true");
      }
      find(text);
    });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      const there = visible();
      const move = (by) => {
        if (list.hidden) {
          open();
          return;
        }
        const at = there.indexOf(active);
        const next = at < 0 ? (by > 0 ? 0 : there.length - 1) : at + by;
        if (there.length) activate(there[(next + there.length) % there.length]);
      };
      if (event.key === "ArrowDown") move(1);
      else if (event.key === "ArrowUp") move(-1);
      else if (event.key === "Enter" && !list.hidden && active >= 0) take(active);
      else if (event.key === "Enter" && list.hidden) open();
      else if (event.key === "Escape" && !list.hidden) close();
      else return;
      event.preventDefault();
    });
    ui.metric = input;
    ui.options = options;
    ui.metricNote = h("p", { class: "explore-note" });
    return h("div", { class: "explore-choice explore-metrics" },
      h("label", { for: "explore-metric" }, "Metric"),
      h("div", { class: "explore-combobox" }, input, list), ui.metricNote);
  }

  function buildBaseline() {
    if (index.groups.some(([, role]) => role === "baseline")) return null;
    const select = h("select", {
      id: "explore-baseline", onchange: () => {
        state.baseline = Number(select.value);
        changed();
      },
    }, ...index.groups.map(([label], g) => h("option", { value: g }, label)));
    ui.baseline = select;
    return h("div", { class: "explore-choice" }, h("label", { for: "explore-baseline" }, "Differences to"), select);
  }

  function buildSmoothing() {
    const input = h("input", {
      type: "range", id: "explore-smooth", min: 0, max: SMOOTH.length - 1, step: 1,
      oninput: () => {
        state.smooth = Number(input.value);
        changed();
      },
    });
    ui.smooth = input;
    ui.smoothText = h("span", { class: "explore-muted" });
    return h("div", { class: "explore-choice" },
      h("label", { for: "explore-smooth" }, "Smoothing ", ui.smoothText), input);
  }

  function build() {
    ui = { fellBack: "" };
    ui.clock = choice("Clock", index.clocks.map((one, c) => [c, capital(one.name)]), (value) => {
      state.clock = value;
      state.zoom = null;
      state.cursor = null;
      changed();
    });
    ui.show = choice("Show", [["best", "Best so far"], ["raw", "Raw"]], (value) => {
      state.best = value === "best";
      changed();
    });
    ui.scale = choice("Scale", [["linear", "Linear"], ["log", "Log"]], (value) => {
      state.log = value === "log";
      changed();
    });
    ui.finished = h("input", {
      type: "checkbox", onchange: () => {
        state.unfinished = !ui.finished.checked;
        changed();
      },
    });
    ui.finishedRow = h("label", { class: "explore-check" }, ui.finished,
      h("span", {}, `Leave out unfinished ${index.episodes}`));
    const panel = h("form", { class: "explore-panel", "aria-label": "View", onsubmit: (event) => event.preventDefault() },
      buildRuns(), buildMetrics(), ui.clock.field, ui.show.field, buildSmoothing(), ui.scale.field,
      ui.finishedRow, buildBaseline());

    const button = (text, call) => h("button", { type: "button", class: "explore-button", onclick: call }, text);
    ui.copy = button("Copy link", copyLink);
    ui.reset = button("Reset zoom", reset);
    ui.title = h(root.dataset.heading || "h2", { class: "explore-title" });
    ui.texts = h("div", { class: "explore-texts" });
    ui.status = h("p", { class: "explore-status", role: "status" });
    ui.live = h("p", { class: "explore-spoken", "aria-live": "polite" });
    ui.empty = h("p", { class: "explore-empty", hidden: true });
    ui.print = h("div", { class: "explore-print" });
    ui.box = h("div", {
      class: "explore-chart", tabindex: "0", role: "group", "aria-describedby": "explore-hint", onkeydown: keyed,
    });
    ui.valueHead = h("th", { scope: "col", class: "n" }, "Value");
    ui.pointHead = h("th", { scope: "col", class: "n" });
    ui.head = h("tr", {}, h("th", { scope: "col" }, "Group"), h("th", { scope: "col" }, "Run"), ui.valueHead,
      ui.pointHead, h("th", { scope: "col", class: "n" }, "Against baseline"),
      h("th", { scope: "col", class: "n" }, "Step"), h("th", { scope: "col" }, "File"));
    ui.body = h("tbody", { onkeydown: fileKeys, onfocusin: fileFocus, onfocusout: fileBlur });
    ui.checkpoints = h("details", { class: "explore-checkpoints", ontoggle: () => ui.checkpoints.open && fillCheckpoints() },
      h("summary", {}, "The curves as a table"));
    const view = h("section", { class: "explore-view", "aria-label": "Chart" },
      h("div", { class: "explore-top" },
        h("div", {}, h("p", { class: "explore-kicker" }, "Explore"), ui.title),
        h("div", { class: "explore-buttons" }, ui.copy, button("CSV", () => save(csv(), "text/csv;charset=utf-8", "csv")),
          button("PNG", savePng), button("SVG", () => save(svgText(), "image/svg+xml", "svg")))),
      ui.texts, ui.status, ui.empty, ui.print, ui.box,
      h("div", { class: "explore-below" },
        h("p", { class: "explore-hint", id: "explore-hint" }, "Drag to zoom, double-click to reset. Arrow keys move the cursor, "
          + "+ and − zoom, Esc resets."), ui.reset));
    ui.now = h("div", {
      class: "explore-values explore-now", tabindex: "0", role: "region", "aria-label": "Values at the cursor",
    }, h("table", {}, h("thead", {}, ui.head), ui.body));
    const values = h("section", { class: "explore-data", "aria-label": "Values" },
      ui.now, ui.checkpoints, ui.live);
    root.append(h("div", { class: "explore-app" }, panel, view, values));
    root.classList.add("explore-on");
  }

  // One tab stop for the column of files; arrows move within it, the one in focus shows whole.
  function fileKeys(event) {
    const at = rows.findIndex((row) => row.cells.file === event.target);
    const next = at + { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at < 0 || !rows[next]) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    rows[next].cells.file.tabIndex = 0;
    rows[next].cells.file.focus();
  }

  function fileFocus(event) {
    const row = rows.find((one) => one.cells.file === event.target);
    if (row) row.cells.file.textContent = row.text.file;
  }

  function fileBlur(event) {
    const row = rows.find((one) => one.cells.file === event.target);
    if (row) row.cells.file.textContent = shortFile(row.text.file);
  }

  function fillCheckpoints() {
    const [from, to] = scene.x;
    const places = Array.from({ length: CHECKPOINTS }, (_, i) => from + ((to - from) * (i + 1)) / CHECKPOINTS);
    const lines = scene.lines.filter((shown) => !shown.member);
    const head = h("tr", {}, h("th", { scope: "col" }, "Group"),
      ...places.map((x) => h("th", { scope: "col", class: "n" }, atPlace(x, cursorDigits()))));
    const body = lines.map((shown) => h("tr", {}, h("th", { scope: "row" }, shown.name), ...places.map((x) => {
      const { i, ended } = pointAt(shown.line, x);
      return h("td", { class: "n" }, i < 0 || ended ? "–" : number(shown.line.ys[i], !shown.line.mean && !shown.line.faint));
    })));
    const caption = `${metric().title}${metric().unit ? `, ${metric().unit}` : ""}`;
    ui.checkpoints.replaceChildren(ui.checkpoints.firstChild,
      h("div", { class: "explore-values", tabindex: "0", role: "region", "aria-label": "The curves as a table" },
        h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...body))));
  }

  function syncControls() {
    const one = metric();
    ui.groups.forEach(({ box, members, item }, g) => {
      box.checked = state.shown.has(g);
      for (const { run, check } of members) check.checked = state.members.has(run);
      const now = data();
      const without = Boolean(now) && !index.groups[g][2].some((run) => now.series.has(run));
      item.classList.toggle("explore-without", without);
      if (without) item.title = "has no such metric"; else item.removeAttribute("title");
    });
    if (document.activeElement !== ui.metric || ui.metric.getAttribute("aria-expanded") === "false") ui.metric.value = one.title;
    ui.metric.title = one.tag;
    for (const { m, option } of ui.options) option.setAttribute("aria-selected", String(m === state.metric));
    ui.metricNote.textContent = [BETTER[one.better], one.group.toLowerCase()].filter(Boolean).join(" · ");
    const reasons = index.clocks.map((known, c) => {
      const reason = reasonAgainst(c);
      return reason && `${capital(known.name)}: ${reason}`;
    });
    setChoice(ui.clock, state.clock, reasons);
    setChoice(ui.show, state.best ? "best" : "raw", one.better === "neither"
      ? { best: "No best so far: neither direction is better." } : {});
    setChoice(ui.scale, state.log ? "log" : "linear",
      allPositive() ? {} : { log: "Log: there are values of zero or less." });
    ui.smooth.value = String(state.best ? 0 : state.smooth);
    ui.smooth.disabled = state.best;
    const width = state.best ? "" : smoothWidth();
    ui.smoothText.textContent = state.best ? "off, for raw only" : width ? `mean of the last ${width}` : "off";
    ui.smooth.setAttribute("aria-valuetext", ui.smoothText.textContent);
    ui.finishedRow.hidden = one.cutoff === null;
    ui.finished.checked = !state.unfinished;
    if (ui.baseline) ui.baseline.value = String(state.baseline);
  }

  // ------------------------------------------------------------------ start
  function themed() {
    if (scene) chart.show(scene);
    if (chart.plot) chart.plot.redraw(false, true);
  }

  function start() {
    // Not by an id: the section that a site puts it in may be called so.
    root = document.querySelector(".explore[data-folder]");
    index = given.index;
    if (!root || !index || !index.metrics.length) return;
    index.ids = groupIds();
    const declared = index.groups.findIndex(([, role]) => role === "baseline");
    index.baseline = declared >= 0 ? declared : 0;
    state = fromFragment(location.hash);
    build();
    chart = new Chart(ui.box, {
      cursor: (x) => cursorTo(x, false), zoom, reset,
      hovered: (key) => {
        for (const row of rows) row.tr.classList.toggle("explore-hovered", row.shown.key === key);
      },
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
    new MutationObserver(themed).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    addEventListener("hashchange", () => {
      if (location.hash === fragment()) return;
      state = fromFragment(location.hash);
      changed();
    });
    // On paper: the view in the light theme, sharp.
    addEventListener("beforeprint", () => { if (scene) ui.print.replaceChildren(chart.svg()); });
    addEventListener("afterprint", () => ui.print.replaceChildren());
    changed();
  }

  // Deferred scripts run before this event; the one with the index is the last of them.
  if (document.readyState === "complete") start();
  else document.addEventListener("DOMContentLoaded", start);
})();
