/*
 * Reference type-ahead. <input data-lookup="/url" data-lookup-text="title now"> keeps the record's number; beside it stands
 * a combobox (ARIA 1.2) that asks /url?q=... for [{number, title, detail}]. With data-lookup-many the value is numbers
 * with commas between, and data-lookup-text a JSON list of their titles. Without this script the number can be typed.
 */
"use strict";
(() => {
  const { $, $$, word } = window.backoffice;
  const make = (tag, props = {}) => Object.assign(document.createElement(tag), props);
  let count = 0;

  const enhance = (store) => {
    if (store.dataset.lookupReady || store.closest("template")) return;
    store.dataset.lookupReady = "yes";
    const many = "lookupMany" in store.dataset;
    const listId = `lookup-${(count += 1)}`;
    const box = make("div", { className: "lookup" });
    const input = make("input", { type: "text", className: store.className, autocomplete: "off", id: `${store.id}-text` });
    const list = make("ul", { className: "lookup-list", id: listId, hidden: true });
    const chips = make("div", { className: "lookup-chips" });
    const clear = make("button", { type: "button", className: "icon-btn", title: word("clear") });
    clear.append(make("i", { className: "bi bi-x-lg", ariaHidden: "true" }));
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list" })) input.setAttribute(name, value);
    for (const name of ["aria-describedby", "aria-invalid", "placeholder"]) if (store.hasAttribute(name)) input.setAttribute(name, store.getAttribute(name));
    list.setAttribute("role", "listbox");
    $(`label[for="${CSS.escape(store.id)}"]`)?.setAttribute("for", input.id);
    store.type = "hidden";
    store.after(box);
    box.append(...(many ? [chips] : []), input, list, ...(many ? [] : [clear]));

    let chosen = store.value.split(",").filter(Boolean);
    const titles = many ? JSON.parse(store.dataset.lookupText || "[]") : [store.dataset.lookupText || store.value];
    let taken = chosen.map((number, index) => ({ number, title: titles[index] || number }));
    let found = [];
    let at = -1;
    let asked = 0;
    let timer = 0;

    const keep = (change = true) => {
      store.value = taken.map((one) => one.number).join(",");
      if (many) {
        chips.replaceChildren(...taken.map((one) => {
          const chip = make("span", { className: "chip", textContent: one.title });
          const remove = make("button", { type: "button", className: "icon-btn", title: word("remove") });
          remove.append(make("i", { className: "bi bi-x" }));
          remove.addEventListener("click", () => { taken = taken.filter((other) => other !== one); keep(); input.focus(); });
          chip.append(remove);
          return chip;
        }));
      } else clear.hidden = !taken.length;
      if (change) store.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
      at = -1;
    };
    const point = (index) => {
      at = index;
      $$("[role=option]", list).forEach((item, n) => item.setAttribute("aria-selected", n === at));
      const item = $$("[role=option]", list)[at];
      if (item) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    };
    const show = (note = "") => {
      list.replaceChildren(...found.map((one, index) => {
        const item = make("li", { id: `${listId}-${index}`, role: "option" });
        item.append(make("b", { textContent: one.title }), make("span", { textContent: one.detail || one.number }));
        return item;
      }));
      if (note) list.append(make("li", { className: "lookup-note", textContent: note }));
      list.hidden = !list.children.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      if (found.length) point(0);
    };
    const take = (one) => {
      taken = many ? [...taken.filter((other) => other.number !== one.number), one] : [one];
      input.value = many ? "" : one.title;
      close();
      keep();
    };
    const ask = async () => {
      const term = input.value.trim();
      const mine = (asked += 1);
      const url = new URL(store.dataset.lookup, location.href);
      url.searchParams.set("q", term);
      const slow = setTimeout(() => mine === asked && ((found = []), show(word("searching"))), 250);
      try {
        const answer = await fetch(url, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        const hits = await answer.json();
        if (mine !== asked || document.activeElement !== input) return;
        found = hits;
        show(found.length ? "" : word("nothing"));
      } catch {
        if (mine === asked) { found = []; show(word("lookupFailed")); }
      } finally { clearTimeout(slow); }
    };

    input.addEventListener("input", (event) => {
      event.stopPropagation();
      if (!many && taken.length) { taken = []; keep(); }
      clearTimeout(timer);
      if (!event.isComposing) timer = setTimeout(ask, 120);
    });
    input.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(ask, 120); });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const open = !list.hidden && found.length;
      if (event.key === "ArrowDown") { if (open) point((at + 1) % found.length); else ask(); }
      else if (event.key === "ArrowUp" && open) point((at - 1 + found.length) % found.length);
      else if (event.key === "Enter" && !event.ctrlKey && open) take(found[at]);
      else if (event.key === "Escape" && !list.hidden) close();
      else if (event.key === "Backspace" && many && !input.value && taken.length) { taken = taken.slice(0, -1); keep(); }
      else return;
      event.preventDefault();
    });
    input.addEventListener("blur", () => {
      asked += 1;
      clearTimeout(timer);
      close();
      if (!many && !taken.length && input.value.trim()) store.value = input.value.trim(); // the server says if it is no record
      if (many) input.value = "";
    });
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[role=option]");
      if (item) take(found[[...list.children].indexOf(item)]);
    });
    clear.addEventListener("click", () => { taken = []; input.value = ""; keep(); input.focus(); });
    if (!many && taken.length) input.value = taken[0].title;
    keep(false);
  };

  const enhanceAll = (from) => $$("input[data-lookup]", from).forEach(enhance);
  document.addEventListener("rows:added", (event) => enhanceAll(event.target));
  enhanceAll(document);
})();
