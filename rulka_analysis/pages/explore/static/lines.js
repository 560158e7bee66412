// What the scripts of metrics hand over, as series; and series as the lines that are drawn.
// Knows nothing of the page: a line depends on its own runs and the view, never on other lines.
"use strict";

window.rulkaExplore = (() => {
  // A place on a clock and one that differs by rounding are the same.
  const NEARLY = 1e-9;

  // What the scripts of the data handed over, decoded when it is first looked at.
  const given = { index: null, short: new Map(), whole: new Map() };

  // ------------------------------------------------------------------ bytes
  function bytesOf(text) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
    return bytes;
  }

  // Numbers whose lowest bits stand together, then the next: each plane is filled up to a byte.
  function unplaned(bits, text, count) {
    const planes = bytesOf(text);
    const stride = Math.ceil(count / 8);
    const low = new Uint32Array(count);
    const high = bits > 32 ? new Uint32Array(count) : null;
    for (let plane = 0; plane < bits; plane++) {
      const words = plane < 32 ? low : high;
      const weight = plane % 32;
      const from = plane * stride;
      for (let i = 0; i < count; i++) {
        if ((planes[from + (i >> 3)] >> (i & 7)) & 1) words[i] |= 1 << weight;
      }
    }
    return { low, high };
  }

  function floats([bits, text], count) {
    const { low, high } = unplaned(bits, text, count);
    if (bits === 32) return Float64Array.from(new Float32Array(low.buffer));
    const view = new DataView(new ArrayBuffer(8));
    return Float64Array.from(low, (word, i) => {
      view.setUint32(0, high[i]);
      view.setUint32(4, word);
      return view.getFloat64(0);
    });
  }

  const total = (lengths) => lengths.reduce((sum, length) => sum + length, 0);

  // Integers by their differences within parts of the given lengths.
  function integers([bits, text, signed], lengths) {
    const count = total(lengths);
    const { low, high } = unplaned(bits, text, count);
    const values = new Float64Array(count);
    let i = 0;
    for (const length of lengths) {
      let sum = 0;
      for (const end = i + length; i < end; i++) {
        const folded = high ? high[i] * 2 ** 32 + low[i] : low[i];
        if (!signed) sum += folded;
        else sum += folded % 2 ? -(folded + 1) / 2 : folded / 2;
        values[i] = sum;
      }
    }
    return values;
  }

  function decoded(raw, index) {
    const values = floats(raw.values, total(raw.kept));
    const steps = integers(raw.steps, raw.kept);
    const inBuckets = raw.buckets.filter((n) => n > 0);
    const inside = integers(raw.inside, inBuckets);
    const counts = integers(raw.counts, inBuckets);
    const means = floats(raw.means, total(inBuckets));
    const allCounts = raw.allCounts ? integers(raw.allCounts, inBuckets) : counts;
    const allMeans = raw.allMeans ? floats(raw.allMeans, total(inBuckets)) : means;
    const clocks = raw.clocks.map((clock) => {
      const at = integers(clock.at, raw.kept);
      // Divided where that is more exact: 75.123, not 75.12299999999999.
      const per = clock.step < 1 ? Math.round(1 / clock.step) : 1;
      for (let i = 0; i < at.length; i++) at[i] = per > 1 ? at[i] / per : at[i] * clock.step;
      if (clock.missing) {
        const { low } = unplaned(1, clock.missing, at.length);
        low.forEach((lacks, i) => { if (lacks) at[i] = NaN; });
      }
      return { at, ends: clock.ends };
    });
    const series = new Map();
    let from = 0;
    let bucket = 0;
    raw.runs.forEach((run, k) => {
      const to = from + raw.kept[k];
      const fileOf = new Int32Array(raw.kept[k]);
      for (let i = 0, at = 0; i < raw.fileOf[k].length; i += 2) {
        fileOf.fill(raw.fileOf[k][i], at, at += raw.fileOf[k][i + 1]);
      }
      const b = bucket + raw.buckets[k];
      series.set(run, {
        run, events: raw.events[k], nan: raw.nan[k], infinite: raw.infinite[k],
        exact: raw.exact[k] === 1, values: values.subarray(from, to),
        steps: steps.subarray(from, to), files: raw.files[k], fileOf,
        clocks: clocks.map(({ at, ends }) => ({ at: at.subarray(from, to), end: ends[k] })),
        reduced: raw.buckets[k] > 0, inside: inside.subarray(bucket, b),
        counts: counts.subarray(bucket, b), means: means.subarray(bucket, b),
        allCounts: allCounts.subarray(bucket, b), allMeans: allMeans.subarray(bucket, b),
      });
      from = to;
      bucket = b;
    });
    const extents = index.clocks.map((_, c) => {
      let low = Infinity;
      let high = -Infinity;
      for (const one of series.values()) {
        for (const x of one.clocks[c].at) {
          if (x < low) low = x;
          if (x > high) high = x;
        }
        if (one.clocks[c].end > high) high = one.clocks[c].end;
      }
      return low <= high ? [Math.min(low, 0), high] : null;
    });
    return { series, extents, lines: new Map() };
  }

  // ------------------------------------------------------------------ lines
  function ordered(places) {
    for (let i = 1; i < places.length; i++) {
      if (!(places[i] >= places[i - 1])) {
        const at = [];
        for (let k = 0; k < places.length; k++) if (!Number.isNaN(places[k])) at.push(k);
        // Stable: events at one place stay in the order written.
        return at.sort((a, b) => places[a] - places[b]);
      }
    }
    return null;
  }

  function hasClock(series, clock) {
    return series.clocks[clock].at.some((x) => !Number.isNaN(x));
  }

  // How to read a series: {clock, best, smooth, unfinished, metric}; smooth is a share of the
  // clock's whole extent in the metric, whatever is shown, so that no line moves another.
  function lineOf(series, view, extent) {
    const { metric, clock } = view;
    const places = series.clocks[clock].at;
    const order = ordered(places);
    const factor = metric.factor;
    // Compared with NaN nothing is unfinished, an infinite value neither.
    const cutoff = metric.cutoff === null ? NaN : metric.cutoff;
    const xs = [];
    const ys = [];
    const events = [];
    let unfinished = 0;
    const higher = metric.better === "higher";
    let best = NaN;
    let reached = -Infinity;
    for (let k = 0; k < places.length; k++) {
      const i = order ? order[k] : k;
      if (i === undefined) break;
      const x = places[i];
      if (Number.isNaN(x)) continue;
      const value = series.values[i];
      reached = x;
      if (value >= cutoff) {
        unfinished++;
        if (!view.unfinished || view.best) continue;
      }
      if (view.best) {
        if (!Number.isFinite(value) || (higher ? value <= best : value >= best)) continue;
        best = value;
      }
      xs.push(x);
      ys.push(value * factor);
      events.push(i);
    }
    const stated = series.clocks[clock].end;
    const end = stated === null ? reached : Math.max(stated, reached);
    const line = {
      series, xs, ys, events, unfinished, steps: view.best, end, faint: null, mean: false,
    };
    if (!view.best && view.smooth > 0 && extent) {
      const smooth = smoothed(series, line, view, (extent[1] - extent[0]) * view.smooth, order);
      return { ...line, ...smooth, faint: { xs, ys } };
    }
    return line;
  }

  // Trailing mean over a stretch of the clock: of all events, by the buckets' means and counts
  // where events were left out.
  function smoothed(series, line, view, width, order) {
    let xs = line.xs;
    let ys = line.ys;
    let events = line.events;
    let weights = null;
    if (series.reduced && !order) ({ xs, ys, events, weights } = bucketMeans(series, view));
    const out = new Float64Array(xs.length);
    let sum = 0;
    let count = 0;
    let from = 0;
    for (let i = 0; i < xs.length; i++) {
      const weight = weights ? weights[i] : 1;
      if (Number.isFinite(ys[i])) {
        sum += ys[i] * weight;
        count += weight;
      }
      while (xs[from] <= xs[i] - width && from < i) {
        if (Number.isFinite(ys[from])) {
          const gone = weights ? weights[from] : 1;
          sum -= ys[from] * gone;
          count -= gone;
        }
        from++;
      }
      out[i] = count > 0 ? sum / count : NaN;
    }
    return { xs, ys: out, events };
  }

  // A point a bucket, where its last event is.
  function bucketMeans(series, view) {
    const places = series.clocks[view.clock].at;
    const means = view.unfinished ? series.allMeans : series.means;
    const counts = view.unfinished ? series.allCounts : series.counts;
    const found = { xs: [], ys: [], events: [], weights: [] };
    let at = 0;
    for (let b = 0; b < means.length; b++) {
      at = series.inside[b]; // Counted from the first bucket on.
      const x = places[at - 1];
      if (Number.isNaN(x) || Number.isNaN(means[b])) continue;
      found.xs.push(x);
      found.ys.push(means[b] * view.metric.factor);
      found.events.push(at - 1);
      found.weights.push(counts[b]);
    }
    return found;
  }

  // Mean, lowest and highest of a group's runs, as far as the shortest of them goes.
  function meanOf(members, view) {
    const parts = members.map((member) => {
      if (view.best || view.smooth > 0 || !member.series.reduced) return member;
      return { ...member, ...bucketMeans(member.series, view) };
    }).filter((part) => part.xs.length);
    const line = {
      series: null, xs: [], ys: [], low: [], high: [], events: null, unfinished: 0,
      steps: view.best, end: NaN, faint: null, mean: true, of: parts.length, members,
    };
    if (!parts.length) return line;
    for (const member of members) line.unfinished += member.unfinished;
    const begin = Math.max(...parts.map((part) => part.xs[0]));
    const end = Math.min(...parts.map((part) => part.end));
    const grid = new Set([begin]);
    for (const part of parts) for (const x of part.xs) if (x >= begin && x <= end) grid.add(x);
    const xs = Float64Array.from(grid).sort();
    const at = parts.map(() => 0);
    for (const x of xs) {
      let sum = 0;
      let low = Infinity;
      let high = -Infinity;
      for (let p = 0; p < parts.length; p++) {
        const part = parts[p];
        while (at[p] + 1 < part.xs.length && part.xs[at[p] + 1] <= x) at[p]++;
        const y = part.ys[at[p]];
        sum += y;
        if (y < low) low = y;
        if (y > high) high = y;
      }
      if (!Number.isFinite(sum)) continue;
      line.xs.push(x);
      line.ys.push(sum / parts.length);
      line.low.push(low);
      line.high.push(high);
    }
    line.end = end;
    return line;
  }

  // Index of the last point at or before x, -1 where there is none.
  function indexAt(line, x) {
    const reach = x + NEARLY * Math.max(1, Math.abs(x));
    let low = 0;
    let high = line.xs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (line.xs[middle] <= reach) low = middle + 1; else high = middle;
    }
    return low - 1;
  }

  function ended(line, x) {
    return x > line.end + NEARLY * Math.max(1, Math.abs(line.end));
  }

  // The line's index at the cursor, or at its end where it ended before.
  function pointAt(line, x) {
    const over = ended(line, x);
    return { i: indexAt(line, over ? line.end : x), ended: over };
  }

  function metricOf(id, whole) {
    const store = whole ? given.whole : given.short;
    const there = store.get(id);
    if (there && !there.series) store.set(id, decoded(there, given.index));
    return store.get(id) || null;
  }

  return {
    // Called by the scripts of the data.
    index: (index) => { given.index = index; },
    metric: (id, raw) => given.short.set(id, raw),
    whole: (id, raw) => given.whole.set(id, raw),
    // Called by the page.
    given, metricOf, lineOf, meanOf, indexAt, pointAt, ended, hasClock,
  };
})();
