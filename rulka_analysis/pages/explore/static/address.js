// The view as a link: what stands behind the address, written and read.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const { app } = page;
  const {
    metric, clock,
  } = app;
  // Shares of the clock over which a mean is taken.
  const SMOOTH = [0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3];

  function groupIds() {
    const seen = new Map();
    return app.index.groups.map(([label]) => {
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
    const ids = app.index.ids;
    const parts = [
      ["x", clock().key],
      ["m", encode(metric().tag)],
      ["y", app.state.best ? "best" : "raw"],
    ];
    const hidden = ids.filter((_, g) => !app.state.shown.has(g));
    if (hidden.length) {
      const shown = ids.filter((_, g) => app.state.shown.has(g));
      if (shown.length <= hidden.length) parts.push(["g", listed(shown)]);
      else parts.push(["h", listed(hidden)]);
    }
    const members = [...app.state.members].sort((a, b) => a - b).map((run) => app.index.runs[run]);
    if (members.length) parts.push(["d", listed(members)]);
    if (app.state.smooth && !app.state.best) parts.push(["s", String(SMOOTH[app.state.smooth] * 100)]);
    if (app.state.log) parts.push(["l", "1"]);
    if (app.state.unfinished) parts.push(["u", "1"]);
    if (app.state.baseline !== app.index.baseline) parts.push(["b", encode(ids[app.state.baseline])]);
    if (app.state.zoom) parts.push(["z", app.state.zoom.map(String).join(",")]);
    if (app.state.cursor !== null) parts.push(["c", String(app.state.cursor)]);
    return `#${parts.map((part) => part.join("=")).join("&")}`;
  }

  function fromFragment(text) {
    const asked = new Map(text.replace(/^#/, "").split("&").filter(Boolean).map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
    }));
    const wanted = asked.has("m") ? decode(asked.get("m")) : null;
    const m = app.index.metrics.findIndex((one) => one.tag === wanted);
    const chosen = m >= 0 ? m : app.index.start;
    const all = new Set(app.index.groups.keys());
    // A group goes by its label, else by one of its runs: labels say settings, and may change.
    const groupOf = (id) => {
      const run = app.index.ids.includes(id) ? -1 : app.index.runs.indexOf(id);
      if (run < 0) return app.index.ids.indexOf(id);
      return app.index.groups.findIndex(([, , runs]) => runs.includes(run));
    };
    const named = (key) => new Set(unlisted(asked.get(key)).map(groupOf));
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
    const baseline = asked.has("b") ? app.index.ids.indexOf(decode(asked.get("b"))) : -1;
    const one = app.index.metrics[chosen];
    const best = asked.has("y") ? asked.get("y") === "best" : one.best;
    const cursor = asked.has("c") ? Number(asked.get("c")) : null;
    return {
      metric: chosen,
      clock: Math.max(0, app.index.clocks.findIndex(({ key }) => key === asked.get("x"))),
      shown,
      members: new Set(unlisted(asked.get("d")).map((run) => app.index.runs.indexOf(run))
        .filter((run) => run >= 0)),
      best: best && one.better !== "neither",
      smooth: smooth >= 0 ? smooth : Math.max(0, nearest),
      log: asked.get("l") === "1",
      unfinished: asked.get("u") === "1",
      baseline: baseline >= 0 ? baseline : app.index.baseline,
      zoom: zoom && zoom.length === 2 && zoom[0] < zoom[1] ? zoom : null,
      cursor: Number.isFinite(cursor) ? cursor : null,
      open: new Set(),
    };
  }

  let remembering = 0;
  let known = location.hash;
  // Whether the address says another view than the page shows.
  function moved() {
    known = location.hash;
    return known !== fragment();
  }

  function remember() {
    // Browsers allow a page only so many changes of its address in a while.
    clearTimeout(remembering);
    remembering = setTimeout(rememberNow, 150);
  }

  function rememberNow() {
    clearTimeout(remembering);
    // Somebody has just gone to another view, of which the page is told in a moment.
    if (location.hash !== known) return;
    const link = fragment();
    if (link !== known) history.replaceState(null, "", link);
    known = location.hash;
  }

  Object.assign(app, {
    moved,
    SMOOTH, groupIds, fragment, fromFragment, remember, rememberNow,
  });
})();
