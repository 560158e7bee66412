// Makes buttons of the numbers on a page. Pressing one opens the popover, of which a page has one,
// with what the page's evidence file says of the number; the file is loaded when it is first asked
// for, as a script, because a page in a folder may load nothing else.
"use strict";

(() => {
  // The theme complains on the console about a first visitor, who has chosen neither light nor dark.
  document.documentElement.dataset.mode ||= "auto";

  const GAP = 14;
  const EDGE = 8;
  const SIGNS = { difference: " − ", ratio: " ÷ ", sum: " + " };
  const link = document.querySelector("a[data-script]");
  if (!link) return;

  // --- Numbers become buttons ---

  const wordsOf = (cell) => (cell ? cell.textContent.trim().replace(/\s+/g, " ") : "");

  function nameOf(number) {
    if (number.dataset.name) return number.dataset.name;
    const cell = number.closest("td, th");
    const table = number.closest("table");
    if (!cell || !table) return "";
    const head = table.tHead && table.tHead.rows[table.tHead.rows.length - 1];
    const column = head && head.cells[cell.cellIndex];
    const row = cell.parentElement.cells[0];
    return [wordsOf(column), row === cell ? "" : wordsOf(row)].filter(Boolean).join(", ");
  }

  function buttonOf(number, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = number.className;
    button.dataset.entry = number.dataset.entry;
    button.dataset.about = name;
    const text = number.textContent;
    button.setAttribute("aria-label", name ? `${text}, ${name}` : text);
    button.setAttribute("aria-haspopup", "dialog");
    button.append(...number.childNodes);
    return button;
  }

  // All names first: a name may hold numbers that are still to become buttons.
  const named = [];
  for (const number of document.querySelectorAll("article span.rulka-number")) {
    // Within a link or the summary of a fold, a button would be one of two things at once.
    if (number.closest("a, summary, button")) continue;
    named.push([number, nameOf(number)]);
  }
  for (const [number, name] of named) number.replaceWith(buttonOf(number, name));
  // In a table one of them can be reached by Tab, and the arrows move between them.
  for (const table of document.querySelectorAll("article table")) {
    table.querySelectorAll("button.rulka-number").forEach((button, place) => {
      button.tabIndex = place ? -1 : 0;
    });
  }

  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function neighbour(button, rows, columns) {
    const table = button.closest("table");
    if (columns) {
      const all = [...table.querySelectorAll("button.rulka-number")];
      return all[all.indexOf(button) + columns];
    }
    const column = button.closest("td, th").cellIndex;
    let row = button.closest("tr");
    do {
      const all = [...table.rows];
      row = all[all.indexOf(row) + rows];
      const found = row && row.cells[column] &&
        row.cells[column].querySelector("button.rulka-number");
      if (found) return found;
    } while (row);
    return undefined;
  }

  document.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    const button = move && event.target.closest?.("td button.rulka-number, th button.rulka-number");
    if (!button || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = neighbour(button, ...move);
    event.preventDefault();
    if (!next) return;
    button.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  // --- The evidence file ---

  let evidence = null;

  function load() {
    evidence ||= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      window.rulkaEvidence = resolve;
      script.onerror = () => reject(new Error(link.dataset.script));
      script.src = link.dataset.script;
      document.head.append(script);
    }).catch((error) => {
      evidence = null;
      throw error;
    });
    return evidence;
  }

  // --- What the popover says; texts come from logs, so nothing is read as markup ---

  function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  const code = (text) => element("code", "", text);

  function anchor(href, words) {
    const made = element("a", "", words);
    made.href = href;
    return made;
  }

  function moment(event) {
    if (event.published) return "not published";
    const at = new Date(event.wall_time * 1000);
    if (Number.isNaN(at.getTime()) || typeof event.wall_time !== "number") {
      return String(event.wall_time);
    }
    return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  }

  function place(event) {
    const told = [];
    if (!event.step_is_no_clock) {
      const drawn = event.steps_interpolated ? " (interpolated)" : "";
      told.push(`step ${event.step.toLocaleString("en")}${drawn}`);
    }
    if (event.minutes !== undefined) told.push(`minute ${Number(event.minutes.toPrecision(4))}`);
    return told.join(", ") || "not known";
  }

  function* factsOf(entry, data, show) {
    if (entry.missing) yield ["Why", entry.missing];
    const inputs = (entry.inputs || []).map((number) => {
      const button = element("button", "rulka-number", data.entries[number].text);
      button.type = "button";
      button.addEventListener("click", () => show(number));
      return button;
    });
    const parameters = entry.parameters || {};
    if (entry.operation && entry.operation !== "stated") {
      const sign = SIGNS[entry.operation] || ", ";
      const parts = inputs.flatMap((button, at) => (at ? [sign, button] : [button]));
      const told = parameters.run ? inputs.length && [" of values divided by ", ...parts]
        : parts.length && [": ", ...parts];
      yield ["How", entry.operation, ...(told || [])];
    }
    const source = parameters.source;
    if (source) yield ["Stated", source];
    if (entry.how && entry.how !== source) yield ["In words", entry.how];
    if (parameters.until !== undefined) {
      yield ["Up to", `${Number(parameters.until.toPrecision(7)).toLocaleString("en")} ` +
        (parameters.clock || "")];
    }
    if (entry.reading_error) {
      yield ["Read to", `± ${Number(entry.reading_error.toPrecision(2))} (one standard error)`];
    }
  }

  function factsOfEvent(event, data) {
    const file = data.files[event.file];
    const facts = [
      ["Run", event.run],
      ["Tag", code(event.tag)],
      ["Event", place(event)],
      ["Wall time", moment(event)],
      [event.published ? "Read off" : "Logged", String(event.value)],
      ["File", code(file.name)],
    ];
    return file.sha256 ? [...facts, ["SHA-256", code(file.sha256)]] : facts;
  }

  function list(facts) {
    const made = element("dl", "");
    for (const [term, ...told] of facts) {
      made.append(element("div", "", element("dt", "", term), element("dd", "", ...told)));
    }
    return made;
  }

  function explored(event, data) {
    const view = new URLSearchParams({ x: "minutes", m: event.tag, g: event.run });
    return `${data.explore}#${view}`;
  }

  // --- The popover ---

  let popover = null;
  let opener = null;

  function made_once() {
    if (popover) return popover;
    popover = element("div", "rulka-evidence");
    popover.popover = "auto";
    popover.tabIndex = -1;
    popover.setAttribute("role", "dialog");
    popover.setAttribute("aria-label", "Where this number comes from");
    popover.addEventListener("keydown", (event) => {
      if (event.key === "Escape") popover.hidePopover();
    });
    popover.addEventListener("toggle", (event) => {
      if (event.newState === "open" || !opener) return;
      const inside = popover.contains(document.activeElement);
      if (inside || document.activeElement === document.body) opener.focus();
      opener = null;
    });
    document.body.append(popover);
    return popover;
  }

  function put(button) {
    const at = button.getBoundingClientRect();
    const size = popover.getBoundingClientRect();
    // On a phone it is a sheet at the bottom, by style.
    if (window.innerWidth < 640) {
      popover.style.top = popover.style.left = "";
      return;
    }
    const below = at.bottom + GAP + size.height <= window.innerHeight;
    const top = below ? at.bottom + GAP : Math.max(EDGE, at.top - GAP - size.height);
    const left = Math.min(at.left - EDGE, window.innerWidth - size.width - EDGE);
    popover.style.top = `${top}px`;
    popover.style.left = `${Math.max(EDGE, left)}px`;
  }

  function fill(data, number, about, before) {
    const entry = data.entries[number];
    const show = (next) => {
      fill(data, next, data.entries[next].about || "", [...before, [number, about]]);
    };
    const close = element("button", "rulka-close", "×");
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => popover.hidePopover());
    const head = element("p", "rulka-head", element("strong", "", entry.text), ` ${about}`);
    const parts = [close, head, list(factsOf(entry, data, show))];
    const events = (entry.events || []).map((one) => data.events[one]);
    parts.push(...events.map((event) => list(factsOfEvent(event, data))));
    const links = element("p", "rulka-ways");
    if (before.length) {
      const back = element("button", "rulka-back", "Back");
      back.type = "button";
      const [last, words] = before[before.length - 1];
      back.addEventListener("click", () => fill(data, last, words, before.slice(0, -1)));
      links.append(back, " ");
    }
    if (events.length && data.explore) links.append(anchor(explored(events[0], data), "Show in Explore"), " ");
    if (entry.notebook !== undefined) {
      links.append(anchor(data.notebooks[entry.notebook], "In the notebook"), " ");
    }
    if (data.guide) links.append(anchor(data.guide, "Check it yourself"));
    parts.push(links);
    popover.replaceChildren(...parts);
    if (opener) put(opener);
    popover.focus();
  }

  async function open(button) {
    const box = made_once();
    if (box.matches(":popover-open")) box.hidePopover();
    let data;
    try {
      data = await load();
    } catch (error) {
      box.replaceChildren(`The evidence file ${error.message} cannot be loaded.`);
    }
    opener = button;
    box.showPopover();
    if (data) fill(data, Number(button.dataset.entry), button.dataset.about, []);
    else put(button);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("article button.rulka-number");
    if (button) open(button);
  });

  window.addEventListener("scroll", () => {
    if (opener && popover.matches(":popover-open")) put(opener);
  }, { passive: true });
})();
