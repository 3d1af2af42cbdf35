/*
 * The frame: theme, rail, notes, sheets, confirmation, keys, forms sent once, countdowns.
 * Everything hangs on data attributes through delegated listeners, so it works under a CSP without inline handlers:
 *   data-do="..."          one of the actions below          data-key="e"        a key that clicks this
 *   data-key-last="n"      the same, when no data-key has it data-post="/url"    a POST with the CSRF token
 *   data-confirm="title"   ask first; with data-confirm-text, -name (must be typed) and -yes (the button's word)
 *   data-repeatable        a form that may be sent again     data-countdown=ISO  time left, kept current;
 *                          with data-countdown-ends the page looks anew when it is over,
 *                          with data-countdown-held="/url" also when that address says that it is closed
 *   data-fold="id"         <details> whose state is kept     data-toast=tone     a note
 */
"use strict";
window.backoffice = (() => {
  const root = document.documentElement;
  const words = JSON.parse(document.getElementById("words")?.textContent || "{}");
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  /** A word of the page's language, with {name} replaced by values.name. */
  const word = (name, values = {}) =>
    (words[name] || name).replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));

  const remember = (name, value) => {
    const age = value ? 31536000 : 0;
    document.cookie = `${name}=${value}; path=/; max-age=${age}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  };
  const storage = {
    get(key, kept = "localStorage") { try { return window[kept].getItem(key); } catch { return null; } },
    set(key, value, kept = "localStorage") { try { window[kept].setItem(key, value); } catch { /* private window: not remembered */ } },
  };

  // Theme: the cookie lets the server paint it at once; "system" follows the machine while the page is open.
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const look = root.dataset.look;
    root.dataset.bsTheme = look === "dark" || (look === "system" && systemDark.matches) ? "dark" : "light";
  };
  const setLook = (look) => {
    root.dataset.look = look;
    storage.set("look", look);
    remember("look", look === "system" ? "" : look);
    $$("[data-look][aria-pressed]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.look === look));
    paint();
  };
  systemDark.addEventListener("change", paint);
  window.addEventListener("storage", (event) => event.key === "look" && event.newValue && setLook(event.newValue));

  // Notes: good news leaves after a while unless it is being read; bad news stays.
  const timers = new WeakMap();
  const wait = (note) => timers.set(note, setTimeout(() => note.remove(), 8000));
  const startNote = (note) => {
    if (note.dataset.toast !== "good" && note.dataset.toast !== "info") return;
    wait(note);
    for (const name of ["pointerenter", "focusin"]) note.addEventListener(name, () => clearTimeout(timers.get(note)));
    for (const name of ["pointerleave", "focusout"]) note.addEventListener(name, () => { clearTimeout(timers.get(note)); wait(note); });
  };
  /** Show a note; action {label, run} is offered beside it. */
  const toast = (text, tone = "info", action = null) => {
    const note = document.createElement("div");
    note.className = `toast-note tone-${tone}`;
    note.dataset.toast = tone;
    const line = document.createElement("p");
    line.textContent = text;
    note.append(line);
    if (action) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-quiet";
      button.textContent = action.label;
      button.addEventListener("click", () => { note.remove(); action.run(); });
      note.append(button);
    }
    $("#toasts").append(note);
    startNote(note);
  };

  // Confirmation: resolves to true only after the button, and after the name where one is asked for.
  const confirmSheet = (source) => new Promise((resolve) => {
    const sheet = $("#confirm");
    const name = source.dataset.confirmName || "";
    const yes = $("[data-ask-yes]", sheet);
    const field = $("[data-ask-name]", sheet);
    const input = $("input", field);
    $("[data-ask-title]", sheet).textContent = source.dataset.confirm || word("sure");
    $("[data-ask-text]", sheet).textContent = source.dataset.confirmText || "";
    yes.textContent = source.dataset.confirmYes || word("goOn");
    field.hidden = !name;
    $(".field-label", field).textContent = word("typeName", { name });
    input.value = "";
    const check = () => { yes.disabled = Boolean(name) && input.value.trim() !== name; };
    check();
    input.oninput = check;
    sheet.returnValue = "no";
    sheet.onclose = () => resolve(sheet.returnValue === "yes");
    sheet.showModal();
    (name ? input : $("[data-ask-no]", sheet)).focus();
  });

  // A form is sent once; a form or button that asks first is sent after the answer.
  const confirmed = new WeakSet();
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    const asks = button?.dataset.confirm ? button : form.dataset.confirm ? form : null;
    if (form.dataset.sent) return event.preventDefault();
    if (asks && !confirmed.has(asks)) {
      event.preventDefault();
      if (!(await confirmSheet(asks))) return;
      confirmed.add(asks);
      form.requestSubmit(button && button.form === form ? button : undefined);
      confirmed.delete(asks);
      return;
    }
    if (form.method !== "post" || "repeatable" in form.dataset) return;
    setTimeout(() => { // after the browser has read the button's own name and value
      if (event.defaultPrevented) return;
      form.dataset.sent = "yes";
      $$("button:not([type=button])", form).forEach((one) => { one.disabled = true; });
    });
  });
  const release = (form) => {
    delete form.dataset.sent;
    $$("button:not([type=button])", form).forEach((one) => { one.disabled = false; });
  };
  window.addEventListener("pageshow", (event) => event.persisted && $$("form[data-sent]").forEach(release));

  /** Send a POST to url with the CSRF token, as a page. */
  const post = (url) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = url;
    form.hidden = true;
    const token = document.createElement("input");
    token.type = "hidden";
    token.name = "csrf_token";
    token.value = $("meta[name=csrf-token]").content;
    form.append(token);
    document.body.append(form);
    form.submit();
  };

  // Rail: folded to icons on a wide screen, a drawer on a small one.
  const drawer = (open) => {
    root.toggleAttribute("data-drawer", false);
    if (open) root.dataset.drawer = "open";
    $("#frame")?.toggleAttribute("inert", open);
    $("[data-do=rail-open]")?.setAttribute("aria-expanded", open);
    if (open) $("#rail a")?.focus(); else if (innerWidth < 768) $("[data-do=rail-open]")?.focus();
  };
  const actions = {
    "rail-open": () => drawer(true),
    "rail-close": () => drawer(false),
    "rail-fold": () => {
      const folded = root.dataset.rail === "icons";
      if (folded) delete root.dataset.rail; else root.dataset.rail = "icons";
      remember("rail", folded ? "" : "icons");
    },
    "toast-close": (source) => source.closest(".toast-note").remove(),
    "sheet-close": (source) => source.closest("dialog").close(),
    help: () => $("#help").showModal(),
    print: () => window.print(),
    back: () => history.back(),
  };
  document.addEventListener("click", async (event) => {
    const source = event.target.closest("[data-do], button[data-look], [data-post]");
    if (!source) {
      if (event.target.matches?.("dialog.sheet")) event.target.close(); // the shade round a sheet
      return;
    }
    if (source.dataset.post) {
      if (!source.dataset.confirm || (await confirmSheet(source))) post(source.dataset.post);
    } else if (source.dataset.do) actions[source.dataset.do]?.(source, event);
    else setLook(source.dataset.look);
  });

  // Keys. A letter never fires while something is being typed, composed by an input method, or covered by a sheet.
  const keys = {};
  const typing = (target) => target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const visible = (element) => element.offsetParent !== null || element.closest(".dropdown-menu");
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || event.altKey) return;
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const name = control ? `Ctrl ${key}` : key;
    if (key === "Escape" && root.dataset.drawer) return drawer(false);
    if ($("dialog[open]")) return;
    if (!control && typing(event.target)) return;
    const target = $$(`[data-key="${CSS.escape(name)}"]`).find(visible) || $(`[data-key-last="${CSS.escape(name)}"]`);
    if (keys[name]) { if (keys[name](event) !== false) event.preventDefault(); }
    else if (target && !control) { event.preventDefault(); target.click(); }
  });
  const find = () => { const box = $("#find"); if (!box) return false; box.focus(); box.select(); };
  keys["/"] = find;
  keys["Ctrl k"] = find;
  keys["?"] = () => actions.help();

  // Folded groups stay as they were left, per kind of record; a group with an error is opened.
  $$("details[data-fold]").forEach((group) => {
    const kept = storage.get(`fold.${group.dataset.fold}`);
    if (kept && !("foldOpen" in group.dataset)) group.open = kept === "open";
    group.addEventListener("toggle", () => storage.set(`fold.${group.dataset.fold}`, group.open ? "open" : "shut"));
  });
  const openTarget = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const group = target && target.closest("details");
    if (group && !group.open) { group.open = true; target.scrollIntoView({ block: "center" }); }
    if (target && target.matches("input, select, textarea")) target.focus();
  };
  window.addEventListener("hashchange", openTarget);
  document.addEventListener("click", (event) => event.target.closest?.('a[href^="#"]') && setTimeout(openTarget));
  let shut = [];
  window.addEventListener("beforeprint", () => { shut = $$("details.group:not([open])"); shut.forEach((group) => { group.open = true; }); });
  window.addEventListener("afterprint", () => shut.forEach((group) => { group.open = false; }));

  // A record's way back leads to its list as this tab last saw it.
  $$(".crumbs a").forEach((back) => {
    const kept = back.search ? "" : storage.get(`list.${back.pathname}`, "sessionStorage");
    if (kept) back.search = kept;
  });

  // Time left, in words.
  const inWords = (seconds) => {
    if (seconds >= 172800) return word("day", { n: Math.floor(seconds / 86400) });
    if (seconds >= 3600) return `${word("hour", { n: Math.floor(seconds / 3600) })} ${word("minute", { n: Math.floor((seconds % 3600) / 60) })}`;
    if (seconds >= 600) return word("minute", { n: Math.floor(seconds / 60) });
    return `${word("minute", { n: Math.floor(seconds / 60) })} ${word("second", { n: Math.floor(seconds % 60) })}`;
  };
  const clocks = $$("[data-countdown]"), running = new Set();
  const tick = () => clocks.forEach((clock) => {
    const left = (new Date(clock.dataset.countdown) - Date.now()) / 1000;
    clock.textContent = left >= 0 ? inWords(left) : word("past", { time: inWords(-left) });
    clock.classList.toggle("tone-bad", left < 0);
    clock.classList.toggle("due", left < 0);
    if (left < 0 && running.has(clock)) location.reload(); // what was open is closed now
    else if (left >= 0 && "countdownEnds" in clock.dataset) running.add(clock);
  });
  if (clocks.length) { tick(); setInterval(tick, 1000); }
  // What is open by a card may be closed before its time: while the page is looked at, it asks whether it still is.
  const held = $("[data-countdown-held]")?.dataset.countdownHeld;
  const ask = () => document.hidden || fetch(held, { headers: { "X-Requested-With": "fetch" } })
    .then((answer) => [401, 404].includes(answer.status) && location.reload())
    .catch(() => {}); // no network: asked again
  if (held) { setInterval(ask, 30000); document.addEventListener("visibilitychange", ask); }

  $$(".toast-note").forEach(startNote);
  if (location.hash) openTarget();
  // What points to a record comes behind its page; until then, and without it, each list leads to all of it.
  const beside = $("[data-related]");
  if (beside)
    fetch(beside.dataset.related, { headers: { "X-Requested-With": "fetch" } })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
      .then((lists) => {
        for (const list of $$("[data-list]", beside)) {
          const waiting = $(".waiting", list);
          if (list.dataset.list in lists) waiting.outerHTML = lists[list.dataset.list];
        }
      })
      .catch(() => {});

  return { $, $$, word, storage, toast, post, confirmSheet, release, actions, keys, typing };
})();
