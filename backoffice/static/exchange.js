/* Import pages: the progress bar, and date orders that show for date fields only. Needs app.js. */
"use strict";
(() => {
  const { $, $$ } = window.backoffice;

  const bar = $("[data-progress]");
  const ask = async () => {
    let next = 1000;
    try {
      const answer = await fetch(bar.dataset.progress, { headers: { "X-Requested-With": "fetch" } });
      if (answer.status === 401 || answer.status === 404) return location.reload();
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      if (told.state !== bar.dataset.state) return location.reload();
      $("progress", bar).value = told.percent;
      $("[data-progress-text]", bar).textContent = told.text;
    } catch {
      next = 5000; // the server is away for a moment: the work is not lost
    }
    setTimeout(ask, next);
  };
  if (bar) setTimeout(ask, 400);

  const columns = $("form[data-columns]");
  if (!columns) return;
  const dates = new Set(columns.dataset.dates.split(" "));
  columns.addEventListener("change", (event) => {
    const select = event.target.closest("[data-goes-to]");
    if (!select) return;
    const order = $("[data-order]", select.parentElement);
    order.hidden = !dates.has(select.value);
    if (!select.value) return;
    // A field takes one column: the one chosen last.
    for (const other of $$("[data-goes-to]", columns))
      if (other !== select && other.value === select.value) {
        other.value = "";
        $("[data-order]", other.parentElement).hidden = true;
      }
  });
})();
