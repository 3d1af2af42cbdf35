/* A review by keyboard: v still right and next, Enter into the inputs, j and k between sections. Needs app.js, form.js. */
"use strict";
(() => {
  const { $, $$, keys } = window.backoffice;
  const form = $("form[data-sections]");
  if (!form) return;
  const sections = $$("[data-section]", form), left = $("[data-sections-left]", form);
  const inputs = (section) => $$(".section-now input, .section-now select, .section-now textarea", section);
  const standing = new Map($$(".section-now input, .section-now select, .section-now textarea", form)
    .map((input) => [input, [input.type === "select-one" ? input.value : input.defaultValue, input.defaultChecked]]));
  const differs = (input) => {
    const [value, checked] = standing.get(input);
    return ["checkbox", "radio"].includes(input.type) ? input.checked !== checked : input.value !== value;
  };
  const box = (section) => $("input[name^=_section-]", section);
  const isCorrected = (section) => inputs(section).some(differs);
  const isAnswered = (section) => "answered" in section.dataset || box(section)?.checked || isCorrected(section);

  const show = () => {
    for (const section of sections) {
      const corrected = isCorrected(section);
      $("[data-corrected]", section).hidden = !corrected;
      if (box(section)) box(section).closest("label").hidden = corrected;
      section.classList.toggle("answered", Boolean(isAnswered(section)));
    }
    const open = sections.filter((section) => !isAnswered(section)).length;
    left.textContent = open ? left.dataset.text.replace("{n}", open) : "";
  };
  const here = () => document.activeElement?.closest?.("[data-section]") || sections.find((section) => !isAnswered(section));
  const go = (section) => {
    if (!section) return $("[data-save]", form).focus();
    section.focus({ preventScroll: true });
    section.scrollIntoView({ block: "start" });
  };
  const next = (from) => {
    const place = sections.indexOf(from);
    const rest = [...sections.slice(place + 1), ...sections.slice(0, place + 1)];
    go(rest.find((section) => !isAnswered(section)));
  };
  const step = (by) => go(sections[Math.min(Math.max(sections.indexOf(here()) + by, 0), sections.length - 1)]);

  keys.v = () => {
    const section = here();
    if (!section) return false;
    if (box(section) && !isCorrected(section)) box(section).checked = true;
    box(section)?.dispatchEvent(new Event("input", { bubbles: true }));
    show();
    next(section);
  };
  keys.j = () => step(1);
  keys.k = () => step(-1);
  keys.Enter = (event) => {
    if (event.target.closest("a, button, input, select")) return false;
    const first = inputs(here() || form).find((input) => input.type !== "hidden");
    if (!first) return false;
    first.focus();
    first.select?.();
  };
  // Within an input, Enter is done with the section and Escape goes back to it; neither sends the form.
  form.addEventListener("keydown", (event) => {
    const section = event.target.closest(".section-now") && event.target.closest("[data-section]");
    if (!section || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && event.target.tagName !== "TEXTAREA") { event.preventDefault(); show(); next(section); }
    if (event.key === "Escape") { event.preventDefault(); section.focus(); }
  });
  form.addEventListener("input", show);
  show();
  const first = sections.find((section) => !isAnswered(section));
  if (first && !location.hash && !$("[data-error-summary]")) {
    if (first === sections[0]) first.focus({ preventScroll: true });
    else go(first);
  }
})();
