/* Saving over somebody else's change: a field whose value is theirs, or both, is set aside in the form. Needs app.js. */
"use strict";
(() => {
  const { $$ } = window.backoffice;
  const show = (radio) => {
    const input = document.getElementById(radio.dataset.takes);
    const place = document.getElementById(`${radio.dataset.takes}-field`) || input?.closest(".field");
    if (!place) return;
    place.inert = radio.value !== "mine";
    place.classList.toggle("set-aside", place.inert);
  };
  $$("[data-takes]").forEach((radio) => {
    if (radio.checked) show(radio);
    radio.addEventListener("change", () => show(radio));
  });
})();
