// The table below the chart: what each line says at the cursor, and who is told.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const { app } = page;
  const { pointAt, hasClock, STYLES } = page;
  const {
    h, grouped, number, withUnit, rounded, atPlace, cursorDigits, metric,
    several, middle, shortFile, remember, lineOfGroup,
  } = app;
  const SPOKEN = 5;
  const CHECKPOINTS = 8;
  const IN_SIGHT = 24;
  let moving = false;

  function cursorOf() {
    if (app.state.cursor !== null) return app.state.cursor;
    // Where the shortest of the shown ends: the last place at which all can be compared.
    let end = Infinity;
    for (const { line } of app.scene.lines) if (line.xs.length && line.end < end) end = line.end;
    if (!Number.isFinite(end)) end = app.scene.x[1];
    return Math.min(Math.max(end, app.scene.x[0]), app.scene.x[1]);
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
    app.rows = lines.map((shown) => {
      const cells = {};
      const cell = (name, attributes) => {
        cells[name] = h("td", { "data-label": "", class: attributes || null });
        return cells[name];
      };
      const [, , runs] = app.index.groups[shown.group];
      const head = h("th", { scope: "row", title: shown.name }, swatch(shown.role),
        h("span", {}, middle(shown.name, lines.length > IN_SIGHT ? 25 : 80)));
      const named = shown.run >= 0 ? app.index.runs[shown.run] : "";
      // A group that is called like its only run needs no second mention of it.
      const run = named ? (named === shown.name ? "" : middle(named, 26))
        : shown.line.of === runs.length ? several(runs.length, "run", "runs")
          : `${shown.line.of} of ${runs.length} runs`;
      const tr = h("tr", { class: `explore-row-${shown.role}${shown.member ? " explore-member" : ""}` },
        head, h("td", { title: named || null }, run), cell("value", "n"), cell("point", "n"), cell("against", "n"),
        cell("step", "n"), cell("file", "explore-file"));
      tr.addEventListener("mouseenter", () => app.chart.hover(shown.key));
      tr.addEventListener("mouseleave", () => app.chart.hover(null));
      cells.file.tabIndex = -1;
      return { shown, tr, cells, text: {} };
    });
    if (app.rows.length) app.rows[0].cells.file.tabIndex = 0;
    app.ui.body.replaceChildren(...app.rows.map((row) => row.tr));
    // Columns that need not be measured anew whenever the cursor moves.
    app.ui.now.classList.toggle("explore-many", app.rows.length > IN_SIGHT);
    app.ui.pointHead.textContent = app.state.best ? "Reached at" : app.state.smooth ? "Mean up to" : "Logged at";
    // Of which place the value is, the flag says; the head is told of it later.
    const labels = [...app.ui.head.children].map((th) => (th === app.ui.valueHead ? "Value" : th.textContent));
    for (const { tr } of app.rows) {
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
    if (shown.group === app.state.baseline && !shown.member) found.against = "baseline";
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
    const steps = app.index.clocks.findIndex(({ key }) => key === "steps");
    if (steps >= 0 && !hasClock(series, steps)) return `no ${app.index.clocks[steps].name}`;
    return grouped(String(series.steps[event]));
  }

  function baselineAt(x) {
    const line = lineOfGroup(app.state.baseline);
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
    if (!app.scene) return;
    const here = atPlace(x, cursorDigits());
    app.chart.setCursor(x, here);
    const head = `Value at ${here}`;
    if (app.ui.valueHead.textContent !== head) app.ui.valueHead.textContent = head;
    clearTimeout(filling);
    const baseline = baselineAt(x);
    // While the mouse moves only the rows that are in sight follow it; the others when it rests.
    const fill = (from, to) => {
      for (let k = from; k < to; k++) fillRow(app.rows[k], reading(app.scene.lines[k], x, baseline));
    };
    if (all || app.rows.length <= IN_SIGHT) fill(0, app.rows.length);
    else {
      const { scrollTop } = app.ui.now;
      const height = app.rows[0].tr.offsetHeight || 40;
      const first = Math.min(Math.floor(scrollTop / height), app.rows.length - IN_SIGHT);
      fill(Math.max(first, 0), Math.max(first, 0) + IN_SIGHT);
      filling = setTimeout(() => fill(0, app.rows.length), 120);
    }
    if (spoken) speak(here, app.rows.map((row) => reading(row.shown, x, baseline)));
  }

  function speak(here, found) {
    const texts = [];
    app.scene.lines.forEach((shown, k) => {
      if (shown.member || texts.length >= SPOKEN) return;
      const { value, against, better } = found[k];
      const versus = better ? `, ${against.replace(/^[+−]/, "")} ${better} than the baseline` : "";
      texts.push(`${shown.name}: ${value}${versus}`);
    });
    const more = app.scene.lines.length - texts.length;
    app.ui.live.textContent = `${here}. ${texts.join("; ")}${more > 0 ? `; and ${more} more in the table` : ""}.`;
  }

  function cursorTo(x, spoken) {
    if (!app.scene) return;
    app.state.cursor = Math.min(Math.max(x, app.scene.x[0]), app.scene.x[1]);
    remember();
    if (spoken) {
      moveCursor(app.state.cursor, true);
    } else if (!moving) {
      // Once a frame, however fast the mouse is.
      moving = true;
      requestAnimationFrame(() => {
        moving = false;
        if (app.state.cursor !== null) moveCursor(app.state.cursor, false, false);
      });
    }
  }

  // One tab stop for the column of files; arrows move within it, the one in focus shows whole.
  function fileKeys(event) {
    const at = app.rows.findIndex((row) => row.cells.file === event.target);
    const next = at + { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at < 0 || !app.rows[next]) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    app.rows[next].cells.file.tabIndex = 0;
    app.rows[next].cells.file.focus();
  }

  function fileFocus(event) {
    const row = app.rows.find((one) => one.cells.file === event.target);
    if (row) row.cells.file.textContent = row.text.file;
  }

  function fileBlur(event) {
    const row = app.rows.find((one) => one.cells.file === event.target);
    if (row) row.cells.file.textContent = shortFile(row.text.file);
  }

  function fillCheckpoints() {
    const [from, to] = app.scene.x;
    const places = Array.from({ length: CHECKPOINTS }, (_, i) => from + ((to - from) * (i + 1)) / CHECKPOINTS);
    const lines = app.scene.lines.filter((shown) => !shown.member);
    const head = h("tr", {}, h("th", { scope: "col" }, "Group"),
      ...places.map((x) => h("th", { scope: "col", class: "n" }, atPlace(x, cursorDigits()))));
    const body = lines.map((shown) => h("tr", {}, h("th", { scope: "row" }, shown.name), ...places.map((x) => {
      const { i, ended } = pointAt(shown.line, x);
      return h("td", { class: "n" }, i < 0 || ended ? "–" : number(shown.line.ys[i], !shown.line.mean && !shown.line.faint));
    })));
    const caption = `${metric().title}${metric().unit ? `, ${metric().unit}` : ""}`;
    app.ui.checkpoints.replaceChildren(app.ui.checkpoints.firstChild,
      h("div", { class: "explore-values", tabindex: "0", role: "region", "aria-label": "The curves as a table" },
        h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...body))));
  }

  Object.assign(app, {
    cursorOf, swatch, buildTable, moveCursor, cursorTo, fileKeys, fileFocus, fileBlur,
    fillCheckpoints,
  });
})();
