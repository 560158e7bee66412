// The chart: axes, zoom and cursor are uPlot's; lines are drawn here, because each has its own
// places, and a chart of hundreds must not make one table of them. What follows the cursor is drawn
// on a canvas above: the lines beneath are drawn once.
"use strict";

(() => {
  const { indexAt, pointAt } = window.rulkaExplore;
  // Room for names and values beside the plot: as much as they need, within these bounds.
  const LABELS = 176;
  const MOST_LABELS = 0.3;
  const NARROW = 640;
  const APART = 17;
  const MOST_NAMED = 21;
  const FONT = 'system-ui, "Segoe UI", Roboto, sans-serif';
  const NEAR = 22;
  const RINGS = 40;
  const STYLES = {
    winner: { width: 3, dash: [] },
    baseline: { width: 3, dash: [13, 3] },
    third: { width: 3, dash: [7, 4, 2, 4] },
    other: { width: 1.5, dash: [] },
    p0: { width: 2.2, dash: [] },
    p1: { width: 2.2, dash: [9, 3] },
    p2: { width: 2.2, dash: [2, 3] },
    p3: { width: 2.2, dash: [9, 3, 2, 3] },
    p4: { width: 2.2, dash: [5, 3] },
    p5: { width: 2.2, dash: [14, 3, 3, 3] },
  };
  const RANK = { other: 0, baseline: 2, winner: 3 };
  function element(name, attributes, text, children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key !== "xmlns") made.setAttribute(key, value);
    }
    if (text) made.textContent = text;
    if (children) made.append(...elements(children));
    return made;
  }

  const elements = (shapes) => shapes.map((shape) => element(...shape));

  const rankOf = (shown) => (RANK[shown.role] ?? 1) - (shown.member ? 0.5 : 0);

  // Colours of the theme in effect, or of the light one (for print and for files).
  function colours(element, light) {
    const probe = light ? document.createElement("div") : element;
    if (light) {
      probe.className = "explore explore-light";
      probe.hidden = true;
      element.append(probe);
    }
    const style = getComputedStyle(probe);
    const found = {};
    for (const name of ["page", "text", "muted", "frame", "grid", ...Object.keys(STYLES)]) {
      found[name] = style.getPropertyValue(`--x-${name}`).trim();
    }
    if (light) probe.remove();
    return found;
  }

  function decimals(step) {
    return Math.max(0, Math.min(10, -Math.floor(Math.log10(step) + 1e-9)));
  }

  function tick(value, step) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e15 || size < 1e-6) return value.toExponential(1);
    const [whole, rest] = value.toFixed(decimals(step)).split(".");
    const signed = whole.replace(/\B(?=(\d{3})+$)/g, ",").replace("-", "−");
    return rest ? `${signed}.${rest}` : signed;
  }

  function clockTicks(splits, step, unit) {
    const largest = Math.max(...splits.map(Math.abs), 0);
    const [per, sign] = largest >= 2e6 ? [1e6, " M"] : largest >= 1e5 ? [1e3, "k"] : [1, ""];
    const texts = splits.map((x) => (x === 0 ? "0" : tick(x / per, step / per) + sign));
    if (texts.length) texts[texts.length - 1] += ` ${unit}`;
    return texts;
  }

  // Push labels apart, evenly, without leaving what there is room for.
  function spread(wanted, top, bottom) {
    const at = wanted.map((y) => Math.min(Math.max(y, top), bottom));
    for (let round = 0; round < 60; round++) {
      let moved = false;
      for (let i = 1; i < at.length; i++) {
        const lacks = APART - (at[i] - at[i - 1]);
        if (lacks > 0.01) {
          at[i - 1] -= lacks / 2;
          at[i] += lacks / 2;
          moved = true;
        }
      }
      if (at.length && at[0] < top) at[0] = top;
      if (at.length && at[at.length - 1] > bottom) at[at.length - 1] = bottom;
      if (!moved) break;
    }
    return at;
  }

  class Chart {
    constructor(box, calls) {
      this.box = box;
      this.calls = calls;
      this.scene = null;
      this.hovered = null;
      this.cursor = NaN;
      this.over = document.createElement("canvas");
      this.over.className = "explore-over";
      this.labels = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      this.labels.setAttribute("class", "explore-labels");
      this.labels.setAttribute("aria-hidden", "true");
      this.flag = document.createElement("div");
      this.flag.className = "explore-flag";
      this.pen = document.createElement("canvas").getContext("2d");
      this.asked = false;
      new ResizeObserver(() => {
        if (this.plot && this.box.clientWidth !== this.plot.width) this.show(this.scene);
      }).observe(box);
    }

    // scene: {lines: [{key, name, value, role, member, line, named}], x: [from, to], y: [from, to],
    //         log, unit (of the clock), top (text of the axis), title, lines of text}
    show(scene) {
      if (!scene) return;
      const remade = !this.plot || this.plot.width !== this.box.clientWidth
        || this.scene.log !== scene.log;
      this.scene = scene;
      this.palette = colours(this.box, false);
      this.lines = [...scene.lines].sort((a, b) => rankOf(a) - rankOf(b));
      if (!this.lines.some((shown) => shown.key === this.hovered)) this.hovered = null;
      if (remade) this.make(); else this.scaled();
      this.drawLabels();
      this.drawOver();
    }

    scaled() {
      const { x, y } = this.scene;
      this.plot.batch(() => {
        this.plot.setScale("x", { min: x[0], max: x[1] });
        this.plot.setScale("y", { min: y[0], max: y[1] });
      });
      this.plot.redraw(false, true);
    }

    make() {
      const width = this.box.clientWidth;
      const narrow = width < NARROW;
      if (this.plot) this.plot.destroy();
      const colour = (name) => () => this.palette[name];
      const axis = { stroke: colour("muted"), font: `12px ${FONT}`, ticks: { show: false } };
      this.plot = new uPlot({
        width,
        height: narrow ? 300 : 424,
        padding: [28, () => (narrow ? 14 : this.labelRoom()), 0, 0],
        legend: { show: false },
        scales: {
          x: { time: false, range: () => this.scene.x },
          y: { distr: this.scene.log ? 3 : 1, range: () => this.scene.y },
        },
        axes: [
          {
            ...axis, grid: { show: false }, size: 30, space: narrow ? 70 : 80,
            border: { show: true, stroke: colour("frame"), width: 1 },
            values: (u, splits, a, space, step) => clockTicks(splits, step, this.scene.unit),
          },
          {
            ...axis, grid: { stroke: colour("grid"), width: 1 }, size: (u, values) => this.room(values),
            space: 38,
            values: (u, splits, a, space, step) => splits.map((y) => (y === null ? null
              : tick(y, this.scene.log ? Math.min(1, 10 ** Math.floor(Math.log10(y))) : step))),
          },
        ],
        series: [{}, { show: true, paths: () => null, points: { show: false } }],
        cursor: {
          x: false, y: false, points: { show: false },
          drag: { x: true, y: false, setScale: false },
          bind: { dblclick: () => () => { this.calls.reset(); return null; } },
        },
        hooks: {
          drawSeries: [() => this.drawLines()],
          setCursor: [(u) => this.moved(u)],
          setSelect: [(u) => this.selected(u)],
        },
      }, [[0, 1], [null, null]], this.box);
      // Sizes are known only when what it put off is done.
      this.plot.batch(() => {});
      this.plot.over.append(this.over, this.flag);
      this.box.append(this.labels);
      this.plot.over.addEventListener("mouseleave", () => this.hover(null));
      // uPlot listens to the mouse; a finger moves the cursor, too, and still scrolls the page.
      const touched = (event) => {
        if (event.pointerType === "mouse") return;
        const left = event.clientX - this.plot.over.getBoundingClientRect().left;
        this.calls.cursor(this.plot.posToVal(left, "x"));
      };
      this.plot.over.addEventListener("pointerdown", touched);
      this.plot.over.addEventListener("pointermove", touched);
    }

    room(values) {
      this.pen.font = `12px ${FONT}`;
      const widths = (values || []).map((text) => (text ? this.pen.measureText(text).width : 0));
      return Math.ceil(Math.max(24, ...widths)) + 14;
    }

    labelRoom() {
      const needed = this.named().map((shown) => this.measure(shown.name, shown) + this.measure(shown.value, shown));
      return Math.min(Math.max(LABELS, ...needed.map((wide) => Math.ceil(wide) + 28)),
        Math.max(LABELS, MOST_LABELS * this.box.clientWidth));
    }

    measure(text, shown) {
      this.pen.font = `${shown.role === "other" ? "" : "bold "}12.5px ${FONT}`;
      return this.pen.measureText(text).width;
    }

    // Where the plot is, in CSS pixels of the box.
    area() {
      const { left, top, width, height } = this.plot.bbox;
      const ratio = uPlot.pxRatio;
      return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
    }

    // From values to pixels of an area.
    places(area) {
      const { x, y, log } = this.scene;
      const low = log ? Math.log10(y[0]) : y[0];
      const high = log ? Math.log10(y[1]) : y[1];
      return {
        px: (value) => area.left + ((value - x[0]) / (x[1] - x[0])) * area.width,
        py: (value) => {
          const v = log ? Math.log10(value) : value;
          const at = area.top + ((high - v) / (high - low)) * area.height;
          // What lies far above or below is clipped; no canvas likes endless numbers.
          return Math.min(Math.max(at, area.top - 1e4), area.top + area.height + 1e4);
        },
      };
    }

    // Calls with the pixels of what is to be seen of a line.
    trace(line, ys, area, move, to) {
      const { px, py } = this.places(area);
      const [from, until] = this.scene.x;
      const xs = line.xs;
      let i = Math.max(0, indexAt(line, from));
      let pen = false;
      let last = NaN;
      for (; i < xs.length; i++) {
        const y = ys[i];
        if (!Number.isFinite(y) || (this.scene.log && y <= 0)) {
          pen = false;
          continue;
        }
        const x = px(xs[i]);
        const v = py(y);
        if (!pen) move(x, v); else {
          if (line.steps) to(x, last);
          to(x, v);
        }
        pen = true;
        last = v;
        if (xs[i] > until) break;
      }
      // A best so far holds for as long as the run is known.
      if (line.steps && pen && i >= xs.length) to(px(Math.min(line.end, until)), last);
    }

    drawLines() {
      const { ctx, bbox } = this.plot;
      const ratio = uPlot.pxRatio;
      ctx.save();
      ctx.beginPath();
      // Three pixels over its top: what is cut is seen to go on.
      ctx.rect(bbox.left, bbox.top - 3 * ratio, bbox.width, bbox.height + 6 * ratio);
      ctx.clip();
      for (const shown of this.lines) this.drawLine(ctx, shown, bbox, ratio, 1);
      ctx.restore();
      // Not clipped: a line may end where the plot does.
      for (const shown of this.lines) this.dot(ctx, shown, bbox, ratio);
    }

    drawLine(ctx, shown, area, ratio, bolder) {
      const { line } = shown;
      const style = STYLES[shown.role];
      const path = (ys) => {
        ctx.beginPath();
        this.trace(line, ys, area, (x, y) => ctx.moveTo(x, y), (x, y) => ctx.lineTo(x, y));
      };
      ctx.strokeStyle = ctx.fillStyle = this.palette[shown.role];
      const crowd = this.lines.length > RINGS;
      // Round joins of a hundred thousand corners take as long as all the rest.
      ctx.lineJoin = crowd ? "bevel" : "round";
      if (line.low) {
        ctx.globalAlpha = 0.16;
        ctx.beginPath();
        this.band(line, area, (x, y) => ctx.lineTo(x, y));
        ctx.fill();
        ctx.globalAlpha = 1;
      }
      if (line.faint) {
        ctx.globalAlpha = 0.5;
        ctx.lineWidth = ratio;
        ctx.setLineDash([]);
        ctx.beginPath();
        this.trace({ ...line, xs: line.faint.xs }, line.faint.ys, area,
          (x, y) => ctx.moveTo(x, y), (x, y) => ctx.lineTo(x, y));
        ctx.stroke();
        ctx.globalAlpha = 1;
      }
      const thin = shown.member || (crowd && shown.role === "other");
      const width = bolder > 1 ? 3 : thin ? 1 : style.width;
      // Of a jagged line a stroke of three pixels would leave nothing to be seen.
      ctx.lineWidth = ratio * (line.steps || line.mean || line.faint || bolder > 1 || line.xs.length < 200
        ? width : Math.min(width, 1.5));
      ctx.setLineDash(style.dash.map((length) => length * ratio));
      if (shown.member && bolder === 1) ctx.globalAlpha = 0.6;
      path(line.ys);
      ctx.stroke();
      ctx.globalAlpha = 1;
      ctx.setLineDash([]);
    }

    band(line, area, to) {
      const there = [];
      const back = [];
      this.trace(line, line.low, area, (x, y) => there.push([x, y]), (x, y) => there.push([x, y]));
      this.trace(line, line.high, area, (x, y) => back.push([x, y]), (x, y) => back.push([x, y]));
      for (const [x, y] of there) to(x, y);
      for (const [x, y] of back.reverse()) to(x, y);
    }

    // Where a line's data end.
    endOf(shown, area) {
      const { line } = shown;
      const i = line.xs.length - 1;
      if (i < 0) return null;
      const x = line.steps ? line.end : line.xs[i];
      const y = line.ys[i];
      if (!(x >= this.scene.x[0] && x <= this.scene.x[1]) || !Number.isFinite(y)) return null;
      if (y < this.scene.y[0] || y > this.scene.y[1]) return null;
      const { px, py } = this.places(area);
      return { x: px(x), y: py(y) };
    }

    dot(ctx, shown, area, ratio) {
      if (shown.member || this.lines.length > RINGS) return;
      const end = this.endOf(shown, area);
      if (!end) return;
      const radius = (STYLES[shown.role].width > 2 ? 4.6 : 3) * ratio;
      for (const [colour, r] of [["page", radius + ratio], [shown.role, radius]]) {
        ctx.fillStyle = this.palette[colour];
        ctx.beginPath();
        ctx.arc(end.x, end.y, r, 0, 2 * Math.PI);
        ctx.fill();
      }
    }

    // ---------------------------------------------------------------- labels at the lines' ends
    named() {
      const chosen = [...this.lines].reverse().filter((shown) => !shown.member)
        .filter((shown) => shown.line.xs.length);
      // Without room for all: those in colour, and others are named when pointed at.
      return chosen.length > MOST_NAMED
        ? chosen.filter((shown) => shown.role !== "other").slice(0, MOST_NAMED) : chosen;
    }

    column(area) {
      if (this.plot.width < NARROW) return [];
      const placed = [];
      for (const shown of this.named()) {
        const end = this.endOf(shown, area);
        if (end) placed.push({ shown, end });
      }
      placed.sort((a, b) => a.end.y - b.end.y);
      const ys = spread(placed.map(({ end }) => end.y), area.top + 4, area.top + area.height - 2);
      const left = area.left + area.width;
      return placed.map(({ shown, end }, i) => ({
        shown, end, y: ys[i],
        leader: Math.abs(ys[i] - end.y) < 0.5
          ? `M${end.x + 6} ${end.y}H${left + 14}`
          : `M${end.x + 6} ${end.y}H${Math.max(left, end.x + 6)}L${left + 14} ${ys[i]}`,
        x: left + 18,
        right: this.plot.width - 1,
      }));
    }

    cut(text, width, shown) {
      if (this.measure(text, shown) <= width) return text;
      // In the middle: names of runs differ at their ends.
      let kept = text.length - 1;
      const shortened = () => {
        const end = Math.ceil(kept * 0.6);
        return `${text.slice(0, kept - end)}…${end ? text.slice(-end) : ""}`;
      };
      while (kept > 0 && this.measure(shortened(), shown) > width) kept--;
      return shortened();
    }

    // Shapes of the labels: [element, attributes, text].
    labelShapes(area, palette) {
      const shapes = [];
      for (const { shown, leader, x, y, right } of this.column(area)) {
        const bold = shown.role !== "other";
        const fill = bold ? palette[shown.role] : palette.muted;
        const weight = bold ? "bold" : "normal";
        const value = this.measure(shown.value, shown);
        shapes.push(["path", {
          d: leader, fill: "none", stroke: palette.other, "stroke-dasharray": "1 3",
        }]);
        const text = { y: y + 4, fill, "font-weight": weight, "font-size": "12.5" };
        shapes.push(["text", { ...text, x }, this.cut(shown.name, right - x - value - 8, shown)]);
        shapes.push(["text", { ...text, x: right, "text-anchor": "end" }, shown.value]);
      }
      return shapes;
    }

    drawLabels() {
      const { width, height } = this.plot;
      this.labels.setAttribute("width", width);
      this.labels.setAttribute("height", height);
      this.labels.replaceChildren(...elements(this.labelShapes(this.area(), this.palette)));
    }

    // ---------------------------------------------------------------- what follows the cursor
    moved(u) {
      if (u.cursor.left < 0 || this.silent) return;
      const x = u.posToVal(u.cursor.left, "x");
      this.hover(this.nearest(x, u.cursor.top));
      this.calls.cursor(x);
    }

    nearest(x, top) {
      const area = { left: 0, top: 0, width: this.plot.over.clientWidth, height: this.plot.over.clientHeight };
      const { py } = this.places(area);
      let found = null;
      let least = NEAR;
      for (const shown of this.lines) {
        const { i, ended } = pointAt(shown.line, x);
        if (i < 0 || ended) continue;
        const { xs, ys } = shown.line;
        let y = ys[i];
        if (!shown.line.steps && i + 1 < xs.length) {
          y += (ys[i + 1] - y) * ((x - xs[i]) / (xs[i + 1] - xs[i] || 1));
        }
        const away = Math.abs(py(y) - top);
        if (away <= least) {
          least = away;
          found = shown.key;
        }
      }
      return found;
    }

    hover(key) {
      if (key === this.hovered) return;
      this.hovered = key;
      this.calls.hovered(key);
      this.later();
    }

    setCursor(x, text) {
      this.cursor = x;
      this.flag.textContent = text;
      this.later();
    }

    // At most once a frame, however many events a mouse sends.
    later() {
      if (this.asked) return;
      this.asked = true;
      requestAnimationFrame(() => {
        this.asked = false;
        this.drawOver();
      });
    }

    drawOver() {
      if (!this.plot) return;
      const ratio = uPlot.pxRatio;
      const width = this.plot.over.clientWidth;
      const height = this.plot.over.clientHeight;
      const above = 6;
      if (this.over.width !== width * ratio || this.over.height !== (height + 2 * above) * ratio) {
        this.over.width = width * ratio;
        this.over.height = (height + 2 * above) * ratio;
        this.over.style.width = `${width}px`;
        this.over.style.height = `${height + 2 * above}px`;
      }
      const ctx = this.over.getContext("2d");
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, this.over.width, this.over.height);
      ctx.setTransform(ratio, 0, 0, ratio, 0, above * ratio);
      const area = { left: 0, top: 0, width, height };
      const { px, py } = this.places(area);
      const hovered = this.lines.find((shown) => shown.key === this.hovered);
      if (hovered && this.lines.length > 1) {
        // A veil over the canvas beneath fades what is drawn there, without drawing it again.
        ctx.globalAlpha = 0.6;
        ctx.fillStyle = this.palette.page;
        ctx.fillRect(0, -3, width, height + 6);
        ctx.globalAlpha = 1;
        ctx.save();
        ctx.beginPath();
        ctx.rect(0, -3, width, height + 6);
        ctx.clip();
        this.drawLine(ctx, hovered, area, 1, 2);
        ctx.restore();
        this.dot(ctx, hovered, area, 1);
      }
      const x = px(this.cursor);
      const seen = x >= -0.5 && x <= width + 0.5;
      this.flag.hidden = !seen;
      if (!seen) return;
      this.flag.style.left = `${Math.min(Math.max(x, 30), width - 30)}px`;
      ctx.strokeStyle = this.palette.text;
      ctx.lineWidth = 1.2;
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(x, -above);
      ctx.lineTo(x, height);
      ctx.stroke();
      ctx.setLineDash([]);
      const few = this.lines.length <= RINGS;
      for (const shown of this.lines) {
        if (!few && shown.role === "other" && shown !== hovered) continue;
        if (hovered && shown !== hovered && shown.member) continue;
        const { i, ended } = pointAt(shown.line, this.cursor);
        if (i < 0 || ended) continue;
        const y = shown.line.ys[i];
        const at = shown.line.steps || shown.line.mean ? x : px(shown.line.xs[i]);
        if (!Number.isFinite(y) || at < 0 || y < this.scene.y[0] || y > this.scene.y[1]) continue;
        ctx.beginPath();
        ctx.arc(at, py(y), shown.member ? 3 : 4.6, 0, 2 * Math.PI);
        ctx.fillStyle = this.palette.page;
        ctx.fill();
        ctx.strokeStyle = this.palette[shown.role];
        ctx.lineWidth = 1.6;
        ctx.stroke();
      }
      if (hovered) this.nameHovered(ctx, hovered, width, px, py);
    }

    nameHovered(ctx, hovered, width, px, py) {
      const { i } = pointAt(hovered.line, this.cursor);
      if (i < 0 || !Number.isFinite(hovered.line.ys[i])) return;
      const text = hovered.member ? `${hovered.name} · ${hovered.member}` : hovered.name;
      ctx.font = `bold 12.5px ${FONT}`;
      const wide = ctx.measureText(text).width;
      const right = px(this.cursor) + 10 + wide < width;
      const left = Math.max(4, right ? px(this.cursor) + 10 : px(this.cursor) - 10 - wide);
      const y = Math.max(14, py(hovered.line.ys[i]) - 10);
      ctx.lineWidth = 4;
      ctx.strokeStyle = this.palette.page;
      ctx.strokeText(text, left, y);
      ctx.fillStyle = this.palette[hovered.role === "other" ? "text" : hovered.role];
      ctx.fillText(text, left, y);
    }

    selected(u) {
      const { left, width } = u.select;
      if (width < 4) return;
      const from = u.posToVal(left, "x");
      const to = u.posToVal(left + width, "x");
      this.silent = true;
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      this.silent = false;
      this.calls.zoom(from, to);
    }

    step() {
      const [from, to] = this.scene.x;
      return (to - from) / this.area().width;
    }
  }

  Object.assign(window.rulkaExplore, { Chart, STYLES, RINGS, FONT, colours, element, elements });
})();
