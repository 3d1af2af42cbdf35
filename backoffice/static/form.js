/* A form: save keys, the warning about unsaved changes, where one writes, rows of embedded lists. Needs app.js. */
"use strict";
(() => {
  const { $, $$, word, storage, toast, keys } = window.backoffice;
  const form = $("form[data-watch]");
  if (!form) return;

  const note = $("[data-save-note]", form);
  let changed = false;
  const touch = () => {
    changed = true;
    if (note) note.textContent = word("unsaved");
  };
  form.addEventListener("input", touch);
  form.addEventListener("change", touch);
  document.addEventListener("submit", (event) => { // after app.js, which may have stopped it to ask first
    if (event.target !== form || event.defaultPrevented) return;
    changed = false;
    if (note) note.textContent = word("saving");
    if (event.submitter?.dataset.save === "stay") keepPlace();
  });
  const sentBack = $("[data-error-summary], .conflict, [data-alike]");
  if (sentBack) touch(); // what was typed came back and is not stored
  window.addEventListener("beforeunload", (event) => changed && event.preventDefault());

  // Saving and staying comes back to the field that was written in, at the same height of the window.
  const PLACE = "form.place";
  const TYPED = "input:not([type=hidden]), select, textarea";
  const about = location.pathname.split("/").slice(0, 3).join("/"); // a new record gets an address of its own
  let field = null;
  form.addEventListener("focusin", (event) => { if (event.target.matches(TYPED)) field = event.target; });
  const path = ({ id, name, type, value }) => {
    if (id) return `#${CSS.escape(id)}`;
    return `[name="${CSS.escape(name)}"]${["checkbox", "radio"].includes(type) ? `[value="${CSS.escape(value)}"]` : ""}`;
  };
  const keepPlace = () => {
    const at = field?.isConnected ? path(field) : "";
    const top = at && field.getBoundingClientRect().top;
    storage.set(PLACE, JSON.stringify({ about, at, top, down: scrollY, cursor: field?.selectionStart ?? null }), "sessionStorage");
  };
  const comeBack = (place) => {
    const found = place.at && $(place.at, form);
    if (!found) return scrollTo({ top: place.down, behavior: "instant" });
    for (let fold = found.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    scrollBy({ top: found.getBoundingClientRect().top - place.top, behavior: "instant" });
    found.focus({ preventScroll: true });
    if (place.cursor !== null && found.setSelectionRange) found.setSelectionRange(place.cursor, place.cursor);
  };
  const begin = () => {
    const place = JSON.parse(storage.get(PLACE, "sessionStorage") || "null");
    storage.set(PLACE, "", "sessionStorage");
    if (sentBack) return sentBack.focus();
    if (place?.about === about) return comeBack(place);
    if ("begin" in form.dataset) $$(TYPED, form).find((one) => one.offsetParent && !one.disabled)?.focus();
  };

  // What belongs to one choice of the form (data-of="name=value") stands there, and is sent, while that is chosen.
  const sort = () => $$("[data-of]", form).forEach((part) => {
    const [name, value] = part.dataset.of.split("=");
    part.hidden = form.elements[name].value !== value;
    $$("input, select, textarea", part).forEach((input) => { input.disabled = part.hidden; });
  });
  form.addEventListener("change", sort);
  sort();

  const save = (kind) => () => {
    const button = $(`[data-save=${kind}]`, form) || $("button[name=then]", form);
    if (button && !button.disabled) form.requestSubmit(button);
  };
  keys["Ctrl s"] = save("stay");
  keys["Ctrl Enter"] = save("next");

  // Embedded lists: rows keep the numbers 0, 1, 2 ... in their names, in the order in which they stand.
  const renumber = (list) => {
    const { list: name, listId: id } = list.dataset;
    const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const pattern = new RegExp(`^(${escaped(name)}|${escaped(id)})-(\\d+|__row__)(?=-|$)`);
    [...$("[data-rows]", list).children].forEach((row, index) => {
      for (const element of [row, ...$$("*", row)])
        for (const attribute of ["name", "id", "for", "aria-labelledby", "aria-describedby", "data-list", "data-list-id"]) {
          const value = element.getAttribute(attribute);
          if (value) element.setAttribute(attribute, value.replace(pattern, `$1-${index}`));
        }
    });
    touch();
  };
  // The first row has no way up and the last none down: the focus stays with the row at the other button.
  const stay = (row, button) => {
    button.focus();
    if (document.activeElement !== button) $(`[data-row-do=${button.dataset.rowDo === "up" ? "down" : "up"}]`, row).focus();
  };
  const rowActions = {
    add(list) {
      const rows = $("[data-rows]", list);
      rows.append($("[data-blank]", list).content.cloneNode(true));
      renumber(list);
      rows.dispatchEvent(new CustomEvent("rows:added", { bubbles: true }));
      $("input:not([type=hidden]), select, textarea", rows.lastElementChild)?.focus();
    },
    remove(list, row) {
      const next = row.nextElementSibling;
      const rows = row.parentElement;
      const put = () => { rows.insertBefore(row, next?.parentElement === rows ? next : null); renumber(list); };
      row.remove();
      renumber(list);
      (next || rows.lastElementChild || list).querySelector("input:not([type=hidden]), button")?.focus();
      toast(word("rowRemoved"), "info", { label: word("undo"), run: put });
    },
    up(list, row, button) { row.previousElementSibling?.before(row); renumber(list); stay(row, button); },
    down(list, row, button) { row.nextElementSibling?.after(row); renumber(list); stay(row, button); },
  };
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-row-do]");
    if (button?.type === "submit") event.preventDefault(); // without a script the server adds the row
    if (button) rowActions[button.dataset.rowDo](button.closest("[data-list]"), button.closest("[data-row]"), button);
  });

  // A field that another one makes necessary gets its star when it does.
  const answered = (name) =>
    $$("input, select, textarea", form)
      .filter((item) => item.name === name && (!["checkbox", "radio"].includes(item.type) || item.checked))
      .map((item) => item.value.trim())
      .filter(Boolean);
  const stars = () => {
    for (const item of $$("[data-when]", form)) {
      const star = $("[data-star]", item.closest(".field"));
      const values = item.dataset.whenValues.split("|").filter(Boolean);
      const found = answered(item.dataset.when);
      if (star) star.hidden = !found.some((value) => !values.length || values.includes(value));
    }
  };
  form.addEventListener("change", stars);
  stars();

  // An answer that needs a reason says so before it is sent.
  form.addEventListener("submit", (event) => {
    const needed = event.submitter?.dataset.needs && form.elements[event.submitter.dataset.needs];
    if (!needed || needed.value.trim()) return needed?.setCustomValidity("");
    event.preventDefault();
    event.stopPropagation();
    needed.focus();
    needed.setCustomValidity(word("needed"));
    needed.reportValidity();
    needed.addEventListener("input", () => needed.setCustomValidity(""), { once: true });
  });

  begin();
})();
