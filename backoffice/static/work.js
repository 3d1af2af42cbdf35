/* My work: ticked lines with their bar, keys over the lines. Needs app.js, and rows.js where there are lines. */
"use strict";
(() => {
  const { $, $$, actions, walk, choose } = window.backoffice;
  const bar = $("[data-work]");
  if (bar) {
    const setAll = choose($$("input[form=work]"), bar);
    actions["work-clear"] = () => setAll(false);
    walk(".work li", ".work-what a", ".work-pick input");
  }

  // Filling in a day chooses the answer that it belongs to.
  $$("[data-picks]").forEach((input) => input.addEventListener("input", () => {
    const [name, value] = input.dataset.picks.split("=");
    $(`input[name="${name}"][value="${value}"]`).checked = true;
  }));
})();
