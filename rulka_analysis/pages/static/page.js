// Copies what to set, and filters long tables. Without this script both are simply not there.
"use strict";

(() => {
  for (const button of document.querySelectorAll("button.rulka-copy")) {
    if (!navigator.clipboard && !document.execCommand) continue;
    const live = document.createElement("span");
    live.className = "visually-hidden";
    live.setAttribute("aria-live", "polite");
    button.after(live);
    button.hidden = false;
    button.addEventListener("click", async () => {
      await copy(button.dataset.copy);
      button.textContent = live.textContent = "Copied";
      window.setTimeout(() => {
        button.textContent = "Copy";
        live.textContent = "";
      }, 2000);
    });
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // From a folder a browser may have no clipboard for scripts: a selection can be copied.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  for (const table of document.querySelectorAll("table.rulka-filterable")) {
    const field = document.createElement("input");
    field.type = "search";
    field.className = "rulka-filter";
    field.placeholder = "Filter by words";
    field.setAttribute("aria-label", "Filter the rows of the table below by words");
    const holder = table.closest(".pst-scrollable-table-container") || table;
    holder.before(field);
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
  }
})();
