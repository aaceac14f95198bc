// A slider for the day that is replayed; the form works without it.
"use strict";
for (const form of document.querySelectorAll("form[data-replay]")) {
  const day = form.elements.day;
  const label = form.querySelector(".slide");
  const slider = label.querySelector("input");
  const output = label.querySelector("output");
  const today = new Date(day.max + "T00:00:00Z");
  const at = (back) => new Date(today.getTime() + back * 86400000).toISOString().slice(0, 10);
  const written = (iso) => new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: "UTC", dateStyle: "medium" }).format(new Date(iso + "T00:00:00Z"));
  const follow = () => { day.value = at(Number(slider.value)); output.textContent = written(day.value); slider.setAttribute("aria-valuetext", output.textContent); };
  label.hidden = false;
  output.textContent = written(day.value);
  slider.addEventListener("input", follow);
  slider.addEventListener("change", () => { follow(); form.submit(); });
  day.addEventListener("change", () => { slider.value = String(Math.round((new Date(day.value + "T00:00:00Z") - today) / 86400000)); output.textContent = written(day.value); });
}
