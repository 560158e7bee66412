// Opens the entry that an address names, and shows only those in which what is typed stands.
"use strict";

(() => {
  // An address may name an entry that is folded, or something within one.
  function openNamed() {
    const named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!named) return;
    const own = named.querySelector(":scope > details.rulka-entry");
    if (own) own.open = true;
    for (let at = named; at; at = at.parentElement) if (at.nodeName === "DETAILS") at.open = true;
    named.scrollIntoView();
  }

  // By their names: the line that is shown, and what else they are called.
  function namesOf(entry) {
    const named = entry.querySelector(":scope > details > summary") || entry;
    const others = [...entry.querySelectorAll(".rulka-names")];
    return [named, ...others].map((part) => part.textContent).join(" ").toLowerCase();
  }

  function makeFinder(finder) {
    const field = finder.querySelector("input");
    const told = finder.querySelector("output");
    const entries = [...document.getElementsByClassName(finder.dataset.entries)].flatMap((found) =>
      found.nodeName === "TABLE" ? [...found.tBodies[0].rows] : [found]);
    if (!entries.length) return;
    const names = entries.map(namesOf);
    // What holds entries goes with the last of them: a group, and the fold of those that are absent.
    const holders = [...new Set(entries.flatMap((entry) => {
      const above = [];
      for (let at = entry.parentElement; at; at = at.parentElement) {
        if (at.matches("section.rulka-group, details.rulka-rest")) above.push(at);
      }
      return above;
    }))];
    const opened = new Set();
    finder.hidden = false;
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      entries.forEach((entry, number) => {
        entry.hidden = !words.every((word) => names[number].includes(word));
        count += !entry.hidden;
      });
      for (const holder of holders) {
        holder.hidden = entries.every((entry) => entry.hidden || !holder.contains(entry));
        if (holder.nodeName !== "DETAILS") continue;
        if (words.length && !holder.open) opened.add(holder);
        if (words.length) holder.open = true;
        else if (opened.delete(holder)) holder.open = false;
      }
      told.textContent = words.length ? `${count} of ${entries.length}` : "";
    });
  }

  for (const finder of document.querySelectorAll(".rulka-finder")) makeFinder(finder);
  openNamed();
  window.addEventListener("hashchange", openNamed);
})();
