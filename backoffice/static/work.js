/* My work: ticked lines with their bar, keys over the lines. Needs app.js. */
"use strict";
(() => {
  const { $, $$, word, actions, keys } = window.backoffice;
  const bar = $("[data-work]");
  const boxes = $$("input[form=work]");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    bar.hidden = chosen === 0;
    $("[data-work-count]", bar).textContent = word("selected", { n: chosen });
  };
  if (bar) {
    let last = -1;
    boxes.forEach((box, index) => box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) {
        const [from, to] = [Math.min(last, index), Math.max(last, index)];
        boxes.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
      }
      last = index;
      show();
    }));
    actions["work-clear"] = () => { boxes.forEach((box) => { box.checked = false; }); show(); };
    window.addEventListener("pageshow", show);
    show();

    const rows = $$(".work li");
    let current = -1;
    const mark = (index) => {
      rows[current]?.classList.remove("current");
      current = index;
      rows[current]?.classList.add("current");
    };
    const go = (step) => {
      if (!rows.length) return false;
      mark(Math.min(Math.max(current + step, 0), rows.length - 1));
      $(".work-what a", rows[current]).focus({ preventScroll: true });
      rows[current].scrollIntoView({ block: "nearest" });
    };
    keys.j = () => go(1);
    keys.k = () => go(-1);
    keys.x = () => {
      const box = rows[current] && $(".work-pick input", rows[current]);
      if (!box) return false;
      box.click();
    };
    document.addEventListener("focusin", (event) => {
      const row = event.target.closest?.(".work li");
      if (row) mark(rows.indexOf(row));
    });
  }

  // Filling in a day chooses the answer that it belongs to.
  $$("[data-picks]").forEach((input) => input.addEventListener("input", () => {
    const [name, value] = input.dataset.picks.split("=");
    $(`input[name="${name}"][value="${value}"]`).checked = true;
  }));
})();
