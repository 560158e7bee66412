// Sorts tables of class "sortable" by what stands in a column. The headings become buttons: one tab
// stop a table, arrow keys move along it. Without this script a table stands as it was written.
"use strict";

(() => {
  const NUMBER = /^[^\d+−-]{0,2}([+−-]?\d[\d,]*(?:\.\d+)?)/;
  const words = new Intl.Collator("en", { numeric: true });

  // What a reader sees of a cell, not what opens from it.
  function textOf(cell) {
    const seen = cell.cloneNode(true);
    for (const hidden of seen.querySelectorAll("[popover]")) hidden.remove();
    return seen.textContent.replace(/\s+/g, " ").trim();
  }

  function numberOf(text) {
    const found = NUMBER.exec(text);
    return found ? Number(found[1].replaceAll(",", "").replace("−", "-")) : NaN;
  }

  // Numbers where most cells begin with one; what has none stands last whichever way is sorted.
  function keysOf(rows, column) {
    const keys = rows.map((row) => {
      const text = row.cells[column] ? textOf(row.cells[column]) : "";
      return { row, text, number: numberOf(text) };
    });
    const told = keys.filter((key) => /[\p{L}\d]/u.test(key.text));
    const numeric = told.filter((key) => !Number.isNaN(key.number)).length * 2 > told.length;
    for (const key of keys) {
      key.last = numeric ? Number.isNaN(key.number) : !/[\p{L}\d]/u.test(key.text);
      if (!numeric) key.number = 0;
    }
    return keys;
  }

  function sort(table, heads, column, order) {
    const body = table.tBodies[0];
    const turn = order === "descending" ? -1 : 1;
    const sorted = order
      ? keysOf([...body.rows], column).sort((a, b) => {
          if (a.last !== b.last) return a.last ? 1 : -1;
          return turn * ((a.last ? 0 : a.number - b.number) || words.compare(a.text, b.text));
        }).map((key) => key.row)
      : [...body.rows].sort((a, b) => a.dataset.place - b.dataset.place);
    body.append(...sorted);
    for (const head of heads) head.removeAttribute("aria-sort");
    if (order) heads[column].setAttribute("aria-sort", order);
  }

  // A third press gives back the order in which the table was written.
  const NEXT = { ascending: "descending", descending: "", "": "ascending" };

  function makeSortable(table) {
    const head = table.tHead && table.tHead.rows.length === 1 && table.tHead.rows[0];
    if (!head || table.tBodies.length !== 1) return;
    const heads = [...head.cells];
    const wide = (cell) => cell.colSpan > 1 || cell.rowSpan > 1;
    if (heads.some(wide) || [...table.tBodies[0].rows].some((row) => [...row.cells].some(wide))) return;
    [...table.tBodies[0].rows].forEach((row, place) => { row.dataset.place = place; });
    const buttons = [];
    heads.forEach((cell, column) => {
      cell.scope = "col";
      if (!cell.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "rulka-sort";
      // A paragraph may not stand in a button.
      for (const part of [...cell.childNodes]) {
        button.append(...(part.nodeName === "P" ? part.childNodes : [part]));
      }
      cell.replaceChildren(button);
      button.addEventListener("click", () => {
        sort(table, heads, column, NEXT[cell.getAttribute("aria-sort") || ""]);
        hold(button);
      });
      buttons.push(button);
    });
    const hold = (button) => {
      for (const other of buttons) other.tabIndex = other === button ? 0 : -1;
    };
    hold(buttons[0]);
    head.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (at < 0 || to === undefined || !buttons[to]) return;
      event.preventDefault();
      hold(buttons[to]);
      buttons[to].focus();
    });
  }

  // A table that scrolls and holds nothing to stop at is a stop itself.
  function letScroll() {
    for (const box of document.querySelectorAll(".pst-scrollable-table-container")) {
      if (box.scrollWidth <= box.clientWidth) {
        if (box.role === "group") for (const name of ["role", "tabindex", "aria-label"]) box.removeAttribute(name);
      } else if (!box.querySelector("tbody :is(a[href], button)")) {
        const caption = box.querySelector("caption");
        const named = caption && caption.cloneNode(true);
        for (const link of named ? named.querySelectorAll(".headerlink") : []) link.remove();
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", (named && named.textContent.trim()) || "Table");
      }
    }
  }

  // On a phone its rows stand one below the other, and no headings above them.
  for (const table of document.querySelectorAll("table.rulka-words")) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => textOf(cell));
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, at) => {
        cell.classList.toggle("rulka-none", textOf(cell) === "–");
        if (at) cell.dataset.label = heads[at];
      });
    }
  }
  for (const table of document.querySelectorAll("table.sortable")) makeSortable(table);
  letScroll();
  window.addEventListener("resize", letScroll);
})();
