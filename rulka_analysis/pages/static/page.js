// Copies what to set. Without this script there is no button.
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
})();
