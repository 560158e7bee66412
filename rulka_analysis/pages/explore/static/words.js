// Elements, and numbers and names as words.
"use strict";

(() => {
  const page = window.rulkaExplore;
  const app = page.app = { rows: [], scene: null };
  const MINUS = "−";

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
    const range = app.scene ? app.scene.y[1] - app.scene.y[0] : Math.abs(value) || 1;
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
    const step = app.chart && app.chart.plot ? app.chart.step() : 1;
    return step >= 1 ? 0 : Math.ceil(-Math.log10(step));
  }

  const metric = () => app.index.metrics[app.state.metric];
  const clock = () => app.index.clocks[app.state.clock];
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

  Object.assign(app, {
    h, grouped, number, withUnit, rounded, place, atPlace, cursorDigits, metric, clock, capital,
    several, middle, shortFile,
  });
})();
