// Opens the provenance of a number on hover and places it beside the number. Without this script a
// click, a tap or the keyboard opens it in the middle of the window.
"use strict";

(() => {
  // The theme complains on the console about a first visitor, who has chosen neither light nor dark.
  document.documentElement.dataset.mode ||= "auto";

  const GAP = 6;
  const DELAY = 250;
  let waiting = 0;

  const popoverOf = (button) => document.getElementById(button.getAttribute("popovertarget"));

  function place(button, popover) {
    const at = button.getBoundingClientRect();
    const size = popover.getBoundingClientRect();
    const below = at.bottom + GAP + size.height <= window.innerHeight;
    const top = below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - size.height);
    const left = Math.min(at.left, window.innerWidth - size.width - GAP);
    popover.style.margin = "0";
    popover.style.inset = "auto";
    popover.style.top = `${top}px`;
    popover.style.left = `${Math.max(GAP, left)}px`;
  }

  for (const button of document.querySelectorAll("button.rulka-number")) {
    const popover = popoverOf(button);
    if (!popover || !popover.showPopover) continue;
    let hovered = false;
    popover.addEventListener("toggle", (event) => {
      button.setAttribute("aria-expanded", String(event.newState === "open"));
      if (event.newState === "open") place(button, popover);
      else hovered = false;
    });
    popover.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      popover.hidePopover();
      button.focus();
    });
    popover.addEventListener("focusout", (event) => {
      const next = event.relatedTarget;
      if (next && next !== button && !popover.contains(next)) popover.hidePopover();
    });
    const leave = () => {
      window.clearTimeout(waiting);
      waiting = window.setTimeout(() => {
        if (hovered && !popover.matches(":hover")) popover.hidePopover();
      }, DELAY);
    };
    button.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "mouse") return;
      window.clearTimeout(waiting);
      waiting = window.setTimeout(() => {
        if (popover.matches(":popover-open")) return;
        hovered = true;
        popover.showPopover();
      }, DELAY);
    });
    button.addEventListener("pointerleave", leave);
    popover.addEventListener("pointerleave", leave);
    // A click on what hovering opened keeps it open instead of closing it.
    button.addEventListener("click", (event) => {
      if (hovered && popover.matches(":popover-open")) {
        hovered = false;
        event.preventDefault();
      }
    });
  }

  window.addEventListener("scroll", () => {
    const open = document.querySelector(".rulka-evidence:popover-open");
    const button = open && document.querySelector(`[popovertarget="${open.id}"]`);
    if (button) place(button, open);
  }, { passive: true });
})();
