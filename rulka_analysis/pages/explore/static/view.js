// What is shown of a metric: the lines, the ranges of the axes, and what must be said of them.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const { app } = page;
  const { metricOf, lineOf, meanOf, hasClock } = page;
  const {
    grouped, place, atPlace, cursorDigits, metric, clock, capital, several,
  } = app;
  const PALETTE = 6;

  function lineOfRun(run) {
    const now = app.data();
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
    const [, , runs] = app.index.groups[g];
    if (runs.length === 1) return lineOfRun(runs[0]);
    const now = app.data();
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
      metric: metric(), clock: app.state.clock, best: app.state.best,
      smooth: app.state.best ? 0 : app.SMOOTH[app.state.smooth], unfinished: app.state.unfinished,
    };
  }

  function roleOf(g) {
    const role = app.index.groups[g][1];
    if (role) return role;
    return g < PALETTE ? `p${g}` : "other";
  }

  function shownLines() {
    const lines = [];
    app.index.groups.forEach(([label, , runs], g) => {
      const role = roleOf(g);
      if (app.state.shown.has(g)) {
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
        if (!app.state.members.has(run)) continue;
        const line = lineOfRun(run);
        if (!line) continue;
        lines.push({
          key: `r${run}`, group: g, run, name: label, member: app.index.runs[run], role, line, value: "",
        });
      }
    });
    return lines;
  }

  function extentX(lines) {
    const now = app.data();
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
    const whole = now && now.extents[app.state.clock];
    return whole && whole[1] > whole[0] ? whole : [0, 1];
  }

  function extentY(lines, x) {
    let low = Infinity;
    let high = -Infinity;
    let usual = -Infinity;
    let positive = true;
    const mayCut = metric().cutoff !== null && metric().better === "lower" && !app.state.unfinished;
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
            if (app.state.log) continue;
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
    if (!(low <= high)) return { range: app.state.log ? [1, 10] : [0, 1], cut: 0, positive, empty: true };
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
    if (app.state.log) {
      const ratio = Math.max(high / low, 1.05) ** 0.04;
      return [low / ratio, high * ratio];
    }
    const pad = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
    // No axis below zero for what never is.
    return [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad];
  }

  // A clock that no shown run has cannot be drawn; the first that all of them have is taken.
  function chooseClock() {
    if (!reasonAgainst(app.state.clock)) return;
    const other = app.index.clocks.findIndex((_, c) => !reasonAgainst(c));
    if (other >= 0) {
      app.ui.fellBack = `${capital(clock().name)}: ${reasonAgainst(app.state.clock)}`;
      app.state.clock = other;
      app.state.zoom = null;
      app.state.cursor = null;
    }
  }

  function chosenRuns() {
    const runs = new Set(app.state.members);
    for (const g of app.state.shown) for (const run of app.index.groups[g][2]) runs.add(run);
    return runs;
  }

  // Why a clock cannot be chosen; empty where it can.
  function reasonAgainst(c) {
    const now = metricOf(app.state.metric, false);
    const lacking = new Map(app.index.clocks[c].lacking);
    const without = [...chosenRuns()].filter((run) => {
      const series = now && now.series.get(run);
      return series ? !hasClock(series, c) : false;
    });
    if (!without.length) return "";
    const names = without.slice(0, 2).map((run) => app.index.runs[run]).join(", ");
    const more = without.length > 2 ? ` and ${without.length - 2} more` : "";
    const why = without.length === 1 && lacking.get(without[0]);
    const have = without.length === 1 ? "has" : "have";
    const them = without.length === 1 ? "it" : "them";
    return `${names}${more} ${why || `${have} no such clock`}. Leave ${them} out to use `
      + `${app.index.clocks[c].name}.`;
  }

  function allPositive() {
    const now = app.data();
    if (!now) return true;
    for (const run of chosenRuns()) {
      const line = now.series.has(run) ? lineOfRun(run) : null;
      if (line && line.ys.some((y) => y <= 0)) return false;
    }
    return true;
  }

  function smoothWidth() {
    const now = app.data();
    const extent = now && now.extents[app.state.clock];
    if (!app.state.smooth || !extent) return "";
    const width = (extent[1] - extent[0]) * app.SMOOTH[app.state.smooth];
    return atPlace(width, width < 10 ? 2 : 0);
  }

  function said(lines, x, y) {
    const one = metric();
    const unit = one.unit ? `, ${one.unit}` : "";
    const width = smoothWidth();
    let what = app.state.best ? "Best so far" : "As logged";
    if (!app.state.best && width) what = `Mean of the last ${width}, as logged behind it`;
    const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(y.range[1] - y.range[0]))));
    const edge = (value) => grouped(String(Number(value.toFixed(digits))));
    let first = `${what}${unit}, against ${clock().name}.`;
    if (lines.length && !y.empty) {
      first += ` Axis from ${edge(y.range[0])} to ${edge(y.range[1])}${one.unit ? ` ${one.unit}` : ""}`;
      first += y.cut ? `; ${several(y.cut, "line goes", "lines go")} beyond it.` : ".";
    }
    if (app.state.zoom) first += ` Zoomed: ${place(x[0], cursorDigits())} to ${atPlace(x[1], cursorDigits())}.`;
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
    if (one.cutoff !== null && !app.state.unfinished) {
      // Of a reduced series only some are here to be counted.
      notes.push(`Unfinished ${app.index.episodes} are left out`
        + `${unfinished && !reduced ? ` (${grouped(String(unfinished))})` : ""}.`);
    }
    if (nan + infinite) {
      notes.push(`${several(nan + infinite, "value is", "values are")} no finite number `
        + `(${nan} NaN, ${infinite} infinite).`);
    }
    if (lines.some(({ line }) => line.mean)) {
      notes.push("A line of several runs is their mean, up to where the first of them ends; the band "
        + `reaches from the lowest to the highest of them.${reduced && !app.state.best && !width
          ? " Of each bucket of a long series its mean is taken." : ""}`);
    }
    if (reduced) {
      notes.push(`${grouped(String(kept))} of ${grouped(String(events))} events are drawn: the first, `
        + `smallest, largest and last of each bucket${exact ? " and every new best" : ""}. `
        + "The cursor shows the last drawn one. "
        + `${one.whole ? "Zoom in for every event." : "This page was written without the others."}`);
    }
    if (app.ui.fellBack) {
      notes.push(app.ui.fellBack);
      app.ui.fellBack = "";
    }
    if (notes.length) texts.push(notes.join(" "));
    return texts;
  }

  Object.assign(app, {
    lineOfGroup, roleOf, shownLines, extentX, extentY, chooseClock, reasonAgainst, allPositive,
    smoothWidth, said,
  });
})();
