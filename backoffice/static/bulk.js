/* Bulk changes: all that match a list, and fields that tick themselves. Needs app.js; on lists, list.js before it. */
"use strict";
(() => {
  const { $, $$, actions } = window.backoffice;

  // All that match: every row is ticked, and the server is told that the rest of the list is meant too.
  const bar = $("[data-bulk]");
  if (bar) {
    const everything = $("[data-bulk-everything]", bar);
    const all = $("[data-bulk-all]", bar);
    const boxes = $$(".records .pick input[name=number]");
    const only = () => {
      everything.value = "";
      all.hidden = false;
    };
    actions["bulk-all"] = () => {
      const unticked = boxes.filter((box) => !box.checked);
      unticked.forEach((box) => box.click());
      everything.value = "1";
      all.hidden = true;
      $("[data-chosen]", bar).textContent = all.dataset.text;
    };
    const clear = actions["bulk-clear"];
    actions["bulk-clear"] = (...given) => {
      only();
      clear?.(...given);
    };
    document.addEventListener("click", (event) => {
      if (event.isTrusted && event.target.closest?.(".records .pick input")) only();
    });
    window.addEventListener("pageshow", only);
  }

  // A field in which something is written is to change.
  const form = $("[data-bulk-make]");
  if (form) {
    for (const name of ["input", "change"])
      form.addEventListener(name, (event) => {
        const field = event.target.closest(".bulk-field");
        const tick = field && $("input[name=_set]", field);
        if (tick && event.target !== tick) tick.checked = true;
      });
  }
})();
