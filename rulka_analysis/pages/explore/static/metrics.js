// The list of metrics, in which one is found by typing.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const { app } = page;
  const {
    h, metric,
  } = app;
  const OTHER = "Other tags";

  // A list that is found in by typing, after the pattern that screen readers know as combobox.
  function buildMetrics() {
    const list = h("div", { class: "explore-options", role: "listbox", id: "explore-options", "aria-label": "Metrics", hidden: true });
    const input = h("input", {
      type: "text", role: "combobox", id: "explore-metric", autocomplete: "off", spellcheck: "false",
      "aria-expanded": "false", "aria-controls": "explore-options", "aria-autocomplete": "list",
    });
    const options = [];
    const headings = new Map();
    app.index.metrics.forEach((one, m) => {
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
      activate(words.length ? there[0] ?? -1 : there.includes(app.state.metric) ? app.state.metric : -1);
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
      const same = m === app.state.metric;
      if (!same) {
        app.state.metric = m;
        const one = metric();
        app.state.best = one.best;
        app.state.zoom = null;
        app.state.cursor = null;
        app.state.log = false;
      }
      close();
      if (!same) app.changed();
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
    app.ui.metric = input;
    app.ui.options = options;
    app.ui.metricNote = h("p", { class: "explore-note" });
    return h("div", { class: "explore-choice explore-metrics" },
      h("label", { for: "explore-metric" }, "Metric"),
      h("div", { class: "explore-combobox" }, input, list), app.ui.metricNote);
  }

  Object.assign(app, {
    buildMetrics,
  });
})();
