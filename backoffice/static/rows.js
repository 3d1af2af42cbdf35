/* Rows that keys walk and ticks choose: lists and My work. Needs app.js. */
"use strict";
(() => {
  const { $, $$, word, keys } = window.backoffice;

  /**
   * j and k walk the rows by focusing each one's link, so Enter and a screen reader follow by themselves; x ticks the row.
   * All are selectors, of link and tick within a row. Returns what gives the link of the row one stands on, if any.
   */
  const walk = (selector, link, tick) => {
    const rows = $$(selector);
    let current = -1;
    const mark = (index) => {
      rows[current]?.classList.remove("current");
      current = index;
      rows[current]?.classList.add("current");
    };
    const go = (step) => {
      if (!rows.length) return false;
      mark(Math.min(Math.max(current + step, 0), rows.length - 1));
      $(link, rows[current]).focus({ preventScroll: true });
      rows[current].scrollIntoView({ block: "nearest" });
    };
    keys.j = () => go(1);
    keys.k = () => go(-1);
    keys.x = () => {
      const box = rows[current] && $(tick, rows[current]);
      if (!box) return false;
      box.click();
    };
    document.addEventListener("focusin", (event) => {
      const row = event.target.closest?.(selector);
      if (row) mark(rows.indexOf(row));
    });
    return () => rows[current] && $(link, rows[current]);
  };

  /**
   * Ticks with their bar, which shows while something is chosen and says how much; shift takes the rows between.
   * `shown` is called with the number of those chosen. Returns what ticks or clears all.
   */
  const choose = (boxes, bar, shown = () => {}) => {
    let last = -1;
    const show = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      bar.hidden = chosen === 0;
      $("[data-chosen]", bar).textContent = word("selected", { n: chosen });
      shown(chosen);
    };
    boxes.forEach((box, index) => box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) {
        const [from, to] = [Math.min(last, index), Math.max(last, index)];
        boxes.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
      }
      last = index;
      show();
    }));
    window.addEventListener("pageshow", show);
    show();
    return (value) => { boxes.forEach((box) => { box.checked = value; }); show(); };
  };

  Object.assign(window.backoffice, { walk, choose });
})();
