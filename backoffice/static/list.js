/* A list: keys over rows, selection with its bar, the maker of filters. Needs app.js. */
"use strict";
(() => {
  const { $, $$, word, storage, actions, keys } = window.backoffice;
  const rows = $$(".records tbody tr");

  // The list as it stands, kept for this tab: its records lead back to it.
  const query = new URLSearchParams(location.search);
  for (const gone of ["after", "before"]) query.delete(gone);
  storage.set(`list.${location.pathname}`, query.toString(), "sessionStorage");

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
    const make = (tag, props) => Object.assign(document.createElement(tag), props);
    const filter = () => filters.find((one) => one.name === field.value);
    const chosen = () => filter().operators.find((one) => one.value === operator.value);
    const TYPES = { integer: "number", decimal: "number", money: "number", percent: "number", date: "date", datetime: "date" };

    const showValue = () => {
      const { kind, choices } = filter();
      value.replaceChildren();
      error.hidden = true;
      if (chosen().bare) return;
      if (choices?.length && chosen().value === "any_of") {
        value.append(...choices.map((choice) => {
          const line = make("label", { className: "choice" });
          line.append(make("input", { type: "checkbox", className: "form-check-input", value: choice.value }), make("span", { textContent: choice.label }));
          return line;
        }));
        return;
      }
      const box = choices?.length ? make("select", { className: "form-select form-select-sm" })
        : make("input", { className: "form-control form-control-sm", type: TYPES[kind] || "text", maxLength: 200 });
      if (choices?.length) box.append(...choices.map((choice) => new Option(choice.label, choice.value)));
      else if (box.type === "number") box.step = "any";
      box.setAttribute("aria-label", word("value"));
      value.append(box);
    };
    const entered = () => {
      const ticks = $$("input[type=checkbox]", value);
      if (ticks.length) return ticks.filter((tick) => tick.checked).map((tick) => tick.value).join("|");
      return $("input, select", value).value.trim();
    };
    const showOperators = () => {
      operator.replaceChildren(...filter().operators.map((one) => new Option(one.label, one.value)));
      showValue();
    };
    field.addEventListener("change", showOperators);
    operator.addEventListener("change", showValue);
    maker.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = chosen().bare ? "" : entered();
      if (!text && !chosen().bare) {
        error.textContent = word("filterIncomplete");
        error.hidden = false;
        $("input, select", value).focus();
        return;
      }
      const address = new URL($("[data-filters]").action, location.href);
      address.search = location.search;
      for (const gone of ["after", "before"]) address.searchParams.delete(gone);
      address.searchParams.append("f", `${field.value}:${operator.value}:${text}`);
      location.assign(address);
    });
    if (filters.length) showOperators();
  }
})();
