// The chart as a picture that is a file: lines as lines, text as text.
"use strict";

(() => {
  const { STYLES, RINGS, FONT, colours, element, elements } = window.rulkaExplore;

  // SVG breaks no lines.
  function wrapped(chart, text, width) {
    chart.pen.font = `12px ${FONT}`;
    const lines = [""];
    for (const word of text.split(" ")) {
      const longer = lines[lines.length - 1] ? `${lines[lines.length - 1]} ${word}` : word;
      if (chart.pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines.filter(Boolean);
  }

  // In the light theme whatever is on screen: a file is printed and pasted on white.
  function svgOf(chart) {
    const palette = colours(chart.box, true);
    const { width } = chart.plot;
    const texts = chart.scene.texts.flatMap((line) => wrapped(chart, line, width - 16));
    const head = 30 + 17 * texts.length;
    const height = head + chart.plot.height;
    const area = chart.area();
    area.top += head;
    const { px, py } = chart.places(area);
    const text = { "font-size": "12", fill: palette.muted };
    const shapes = [
      ["rect", { width, height, fill: palette.page }],
      ["text", { x: 8, y: 22, "font-size": "17", "font-weight": "bold", fill: palette.text },
        chart.scene.title],
      ...texts.map((line, i) => ["text", { ...text, x: 8, y: 42 + 17 * i }, line]),
    ];
    const [across, up] = chart.plot.axes;
    up._splits.forEach((y, i) => {
      if (!up._values[i]) return;
      const at = py(y);
      shapes.push(["path", { d: `M${area.left} ${at}h${area.width}`, stroke: palette.grid }]);
      shapes.push(["text", { ...text, x: area.left - 9, y: at + 4, "text-anchor": "end" },
        up._values[i]]);
    });
    const bottom = area.top + area.height;
    shapes.push(["path", { d: `M${area.left} ${bottom}h${area.width}`, stroke: palette.frame }]);
    across._splits.forEach((x, i) => shapes.push(["text", {
      ...text, x: px(x), y: bottom + 20, "text-anchor": "middle",
    }, across._values[i]]));
    const clip = ["clipPath", { id: "plot" }, "", [["rect", {
      x: area.left, y: area.top - 3, width: area.width, height: area.height + 6,
    }]]];
    const drawn = [];
    const path = (line, xs, ys) => {
      const parts = [];
      const point = (letter) => (x, y) => parts.push(letter, x.toFixed(1), " ", y.toFixed(1));
      chart.trace({ ...line, xs }, ys, area, point("M"), point("L"));
      return parts.join("");
    };
    const ends = [];
    for (const shown of chart.lines) {
      const { line } = shown;
      const style = STYLES[shown.role];
      const stroke = palette[shown.role];
      if (line.low) {
        const parts = [];
        chart.band(line, area, (x, y) => parts.push(`${x.toFixed(1)},${y.toFixed(1)}`));
        drawn.push(["polygon", { points: parts.join(" "), fill: stroke, "fill-opacity": "0.16" }]);
      }
      if (line.faint) {
        drawn.push(["path", {
          d: path(line, line.faint.xs, line.faint.ys), fill: "none", stroke, opacity: "0.5",
        }]);
      }
      const jagged = !(line.steps || line.mean || line.faint || line.xs.length < 200);
      const width = shown.member ? 1 : jagged ? Math.min(style.width, 1.5) : style.width;
      drawn.push(["path", {
        d: path(line, line.xs, line.ys), fill: "none", stroke, "stroke-width": width,
        "stroke-linejoin": "round",
        ...(style.dash.length ? { "stroke-dasharray": style.dash.join(" ") } : {}),
        ...(shown.member ? { opacity: "0.6" } : {}),
      }]);
      const end = shown.member || chart.lines.length > RINGS ? null : chart.endOf(shown, area);
      if (end) {
        ends.push(["circle", {
          cx: end.x, cy: end.y, r: style.width > 2 ? 4.6 : 3, fill: stroke, stroke: palette.page,
        }]);
      }
    }
    const root = element("svg", {
      xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`,
      "font-family": FONT, role: "img",
    });
    root.append(...elements([
      ["title", {}, `${chart.scene.title}. ${chart.scene.texts.join(" ")}`], clip, ...shapes,
      ["g", { "clip-path": "url(#plot)" }, "", drawn], ...ends,
      ...chart.labelShapes(area, palette),
    ]));
    return root;
  }

  window.rulkaExplore.svgOf = svgOf;
})();
