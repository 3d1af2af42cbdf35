/* A list: keys over rows, selection with its bar, the maker of filters. Needs app.js. */
"use strict";
(() => {
  const { $, $$, word, actions, keys } = window.backoffice;
  const rows = $$(".records tbody tr");

  // j and k walk the rows by focusing each title, so Enter and a screen reader follow by themselves.
  let current = -1;
  const mark = (index) => {
    rows[current]?.classList.remove("current");
    current = index;
    rows[current]?.classList.add("current");
  };
  const go = (step) => {
    if (!rows.length) return false;
    mark(Math.min(Math.max(current + step, 0), rows.length - 1));
    $(".first a", rows[current]).focus({ preventScroll: true });
    rows[current].scrollIntoView({ block: "nearest" });
  };
  keys.j = () => go(1);
  keys.k = () => go(-1);
  keys.x = () => {
    const box = rows[current] && $(".pick input", rows[current]);
    if (!box) return false;
    box.click();
  };
  keys.Enter = (event) => {
    if (current < 0 || event.target.closest?.("a, button, input, summary")) return false;
    $(".first a", rows[current]).click();
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.(".records tbody tr");
    if (row) mark(rows.indexOf(row));
  });

  // Selection: shift takes the rows between; the bar shows while something is chosen.
  const bar = $("[data-bulk]");
  if (bar) {
    const boxes = $$(".records .pick input[name=number]");
    const all = $("[data-pick-all]");
    let last = -1;
    const show = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      boxes.forEach((box) => box.closest("tr").classList.toggle("picked", box.checked));
      bar.hidden = chosen === 0;
      $("[data-bulk-count]", bar).textContent = word("selected", { n: chosen });
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    };
    boxes.forEach((box, index) => box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) {
        const [from, to] = [Math.min(last, index), Math.max(last, index)];
        boxes.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
      }
      last = index;
      show();
    }));
    const setAll = (value) => { boxes.forEach((box) => { box.checked = value; }); show(); };
    all.addEventListener("click", () => setAll(all.checked));
    actions["bulk-clear"] = () => setAll(false);
    window.addEventListener("pageshow", show);
    show();
  }

  // A filter is field, operator, value; it joins the address as f=field:operator:value.
  const maker = $("[data-filter-maker]");
  if (maker) {
    const filters = JSON.parse($("[data-filter-list]", maker).textContent);
    const field = $("[data-filter-field]", maker);
    const operator = $("[data-filter-operator]", maker);
    const value = $("[data-filter-value]", maker);
    const error = $("[data-filter-error]", maker);
    const option = ({ value: code, label }) => new Option(label, code);
    const chosen = () => filters.find((one) => one.name === field.value);
    const input = () => $("input, select", value);

    const showValue = () => {
      const { kind, choices, operators } = chosen();
      value.replaceChildren();
      error.hidden = true;
      if (operators.find((one) => one.value === operator.value)?.bare) return;
      const box = document.createElement(choices?.length ? "select" : "input");
      if (choices?.length) box.append(...choices.map(option));
      else box.type = { number: "number", money: "number", date: "date", datetime: "date" }[kind] || "text";
      if (box.type === "number") box.step = "any";
      box.className = choices?.length ? "form-select form-select-sm" : "form-control form-control-sm";
      box.setAttribute("aria-label", word("value"));
      value.append(box);
    };
    const showOperators = () => { operator.replaceChildren(...chosen().operators.map(option)); showValue(); };
    field.addEventListener("change", showOperators);
    operator.addEventListener("change", showValue);
    maker.addEventListener("submit", (event) => {
      event.preventDefault();
      const entered = input() ? input().value.trim() : "";
      if (input() && !entered) {
        error.textContent = word("filterIncomplete");
        error.hidden = false;
        return input().focus();
      }
      const form = $("[data-filters]");
      const hidden = document.createElement("input");
      Object.assign(hidden, { type: "hidden", name: "f", value: `${field.value}:${operator.value}:${entered}` });
      form.append(hidden);
      form.submit();
    });
    if (filters.length) showOperators();
  }
})();
