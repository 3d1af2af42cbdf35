/* A list: keys over rows, selection with its bar, the maker of filters. Needs app.js and rows.js. */
"use strict";
(() => {
  const { $, $$, word, storage, actions, keys, walk, choose } = window.backoffice;

  // The list as it stands, kept for this tab: its records lead back to it.
  const query = new URLSearchParams(location.search);
  for (const gone of ["after", "before"]) query.delete(gone);
  storage.set(`list.${location.pathname}`, query.toString(), "sessionStorage");

  // A count that takes the database longer than the page comes behind it.
  const counted = $("[data-count]");
  const tell = (text) => {
    const all = $("[data-bulk-all]");
    if (all) all.dataset.text = all.dataset.text.replace(counted.textContent, text);
    counted.textContent = text;
  };
  if (counted)
    fetch(counted.dataset.count, { headers: { "X-Requested-With": "fetch" } })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
      .then((told) => told.text && tell(told.text))
      .catch(() => {}); // the page says already that there are more

  // More tabs than fit: the one that is shown is in sight.
  $(".tabs .active")?.scrollIntoView({ block: "nearest", inline: "nearest" });

  // A view is saved under a name: the cursor is there.
  const saver = $(".view-saver");
  saver?.parentElement.addEventListener("shown.bs.dropdown", () => saver.elements.title.focus());

  const standing = walk(".records tbody tr", ".first a", ".pick input");
  keys.Enter = (event) => {
    const link = standing();
    if (!link || event.target.closest?.("a, button, input, summary")) return false;
    link.click();
  };

  const bar = $("[data-bulk]");
  if (bar) {
    const boxes = $$(".records .pick input[name=number]");
    const all = $("[data-pick-all]");
    const setAll = choose(boxes, bar, (chosen) => {
      boxes.forEach((box) => box.closest("tr").classList.toggle("picked", box.checked));
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    });
    all.addEventListener("click", () => setAll(all.checked));
    actions["bulk-clear"] = () => setAll(false);
  }

  // A filter is field, operator, value; it joins the address as add-filter=field:operator:value; with add-to=any:0 it
  // stands as an alternative to what is at that place.
  const maker = $("[data-filter-maker]");
  if (maker) {
    const filters = JSON.parse($("[data-filter-list]", maker).textContent);
    const words = JSON.parse($("[data-filter-words]", maker).textContent);
    const field = $("[data-filter-field]", maker);
    const operator = $("[data-filter-operator]", maker);
    const value = $("[data-filter-value]", maker);
    const error = $("[data-filter-error]", maker);
    const joins = $("[data-filter-joins]", maker);
    const opener = $("[data-filter-open]");
    const make = (tag, props = {}) => Object.assign(document.createElement(tag), props);
    const filter = () => filters.find((one) => one.name === field.value);
    const chosen = () => filter().operators.find((one) => one.value === operator.value);
    const TYPES = { integer: "number", decimal: "number", money: "number", percent: "number", date: "date", datetime: "date", period: "date", time: "time" };
    let entered = () => "";
    let place = "";

    const named = (box, label) => { box.setAttribute("aria-label", label); return box; };
    const select = (options, label = word("value")) => {
      const box = named(make("select", { className: "form-select form-select-sm" }), label);
      box.append(...options.map((one) => new Option(one.label, one.value)));
      return box;
    };
    const input = (props = {}, label = word("value")) => named(make("input", { className: "form-control form-control-sm", type: "text", maxLength: 200, ...props }), label);
    const row = (...parts) => { const line = make("div", { className: "filter-parts" }); line.append(...parts); return line; };
    const text = (box) => box.value.trim();

    // Each shape of value puts its inputs in place and says how they are written.
    const shapes = {
      ticks: ({ choices }) => {
        const lines = choices.map((choice) => {
          const line = make("label", { className: "choice" });
          line.append(make("input", { type: "checkbox", className: "form-check-input", value: choice.value }), make("span", { textContent: choice.label }));
          return line;
        });
        value.append(...lines);
        return () => $$("input:checked", value).map((tick) => tick.value).join("|");
      },
      period: () => {
        const box = select(words.periods);
        const count = input({ type: "number", min: 1, max: 3650, value: 7, hidden: true }, words.days);
        const from = input({ type: "date", hidden: true }, words.from);
        const until = input({ type: "date", hidden: true }, words.until);
        box.addEventListener("change", () => {
          count.hidden = !box.value.includes("{n}");
          from.hidden = until.hidden = box.value !== "..";
        });
        value.append(box, row(count, from, until));
        return () => {
          if (box.value === "..") return text(from) && text(until) ? `${text(from)}..${text(until)}` : "";
          return count.hidden ? box.value : text(count) && box.value.replace("{n}", text(count));
        };
      },
      age: () => {
        const [count, unit] = [input({ type: "number", min: 1, max: 9999, value: 30 }), select(words.ages, words.unit)];
        value.append(row(count, unit));
        return () => text(count) && `${text(count)}_${unit.value}`;
      },
      between: ({ kind }) => {
        const ends = [input({ type: TYPES[kind] || "text", step: "any" }, words.from), input({ type: TYPES[kind] || "text", step: "any" }, words.until)];
        value.append(row(...ends));
        return () => (ends.every(text) ? ends.map(text).join("..") : "");
      },
      pointer: ({ name, kind, many }) => {
        const store = input({ id: "filter-pointer" });
        store.dataset.lookup = `${words.lookup}?field=${encodeURIComponent(name)}`;
        if (many) store.dataset.lookupMany = "";
        value.append(store);
        if (kind === "person") {
          const me = make("button", { type: "button", className: "btn btn-sm btn-quiet", textContent: words.me });
          me.addEventListener("click", () => { store.value = "me"; maker.requestSubmit(); });
          value.append(me);
        }
        store.dispatchEvent(new Event("rows:added", { bubbles: true }));
        value.dispatchEvent(new Event("rows:added", { bubbles: true }));
        return () => text(store).replaceAll(",", "|");
      },
      choice: ({ choices }) => { const box = select(choices); value.append(box); return () => box.value; },
      plain: ({ kind }) => {
        const box = input({ type: TYPES[kind] || "text" });
        if (box.type === "number") box.step = "any";
        value.append(box);
        return () => text(box);
      },
    };
    const shapeOf = ({ kind, choices }, { value: wanted }) => {
      if (wanted === "in") return "period";
      if (wanted === "older_than") return "age";
      if (wanted === "between") return "between";
      if (["person", "reference"].includes(kind)) return ["contains", "starts"].includes(wanted) ? "plain" : "pointer";
      if (choices?.length) return wanted === "any_of" ? "ticks" : "choice";
      return "plain";
    };
    const showValue = () => {
      value.replaceChildren();
      error.hidden = true;
      const one = filter();
      entered = chosen().bare ? () => "" : shapes[shapeOf(one, chosen())]({ ...one, many: operator.value === "any_of" });
    };
    const showOperators = () => {
      operator.replaceChildren(...filter().operators.map((one) => new Option(one.label, one.value)));
      showValue();
    };
    const join = (to, label) => {
      place = to;
      joins.hidden = !to;
      joins.textContent = label;
    };
    field.addEventListener("change", showOperators);
    operator.addEventListener("change", showValue);
    maker.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = entered();
      if (!said && !chosen().bare) {
        error.textContent = word("filterIncomplete");
        error.hidden = false;
        $("input:not([type=hidden]), select", value)?.focus();
        return;
      }
      const address = new URL($("[data-filters]").action, location.href);
      address.search = location.search;
      for (const gone of ["after", "before"]) address.searchParams.delete(gone);
      address.searchParams.append("add-filter", `${field.value}:${operator.value}:${said}`);
      if (place) address.searchParams.append("add-to", place);
      location.assign(address);
    });
    document.addEventListener("click", (event) => {
      const button = event.target.closest?.("[data-filter-join]");
      if (!button) return;
      event.preventDefault();
      event.stopPropagation();
      join(button.dataset.filterJoin, button.dataset.filterLabel);
      bootstrap.Dropdown.getOrCreateInstance(opener).show();
      field.focus();
    }, true);
    opener.addEventListener("shown.bs.dropdown", () => field.focus());
    opener.addEventListener("hidden.bs.dropdown", () => join("", ""));
    // Escape gives the focus back to the button that opened the menu, as menus do.
    maker.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      bootstrap.Dropdown.getOrCreateInstance(opener).hide();
      opener.focus();
    });
    if (filters.length) showOperators();
  }
})();
