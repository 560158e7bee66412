// The view as files: CSV of exactly what is shown, pictures, and its link.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const { app } = page;
  const {
    h, metric, clock, rememberNow, smoothWidth,
  } = app;

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
    const [from, to] = app.scene.x;
    for (const shown of app.scene.lines) {
      const { line } = shown;
      const begin = Math.max(line.steps ? page.indexAt(line, from) : 0, 0);
      const what = line.mean ? `mean of ${line.of} runs` : line.faint ? `mean of the last ${smoothWidth()}`
        : app.state.best ? "best so far" : "event";
      for (let i = begin; i < line.xs.length && line.xs[i] <= to; i++) {
        if (!line.steps && line.xs[i] < from) continue;
        const event = line.events ? line.events[i] : -1;
        const { series } = line;
        const logged = event >= 0 && !line.faint ? series.values[event] : "";
        out.push([
          shown.name, shown.run >= 0 ? app.index.runs[shown.run] : "", metric().tag, what, line.xs[i],
          event >= 0 ? series.steps[event] : "", line.ys[i], metric().unit,
          line.low ? line.low[i] : "", line.high ? line.high[i] : "", logged,
          event >= 0 ? series.files[series.fileOf[event]] ?? "" : "",
        ].map(csvCell).join(","));
      }
    }
    return `${out.join("\n")}\n`;
  }

  function fileName(ending) {
    const words = `${metric().tag}_${app.state.best ? "best" : "raw"}_${clock().name}`;
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

  const svgText = () => new XMLSerializer().serializeToString(page.svgOf(app.chart));

  function savePng() {
    const svg = page.svgOf(app.chart);
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
    app.ui.copy.textContent = "Copied";
    app.ui.live.textContent = "Link copied.";
    setTimeout(() => { app.ui.copy.textContent = "Copy link"; }, 2000);
  }

  Object.assign(app, {
    csv, save, svgText, savePng, copyLink,
  });
})();
