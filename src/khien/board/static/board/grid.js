// Keeps what is typed into the grid a moment after the last key, by the same form that the button sends.
"use strict";
const form = document.querySelector("form[data-draft]");
const told = document.getElementById("kept");
let due = 0, going = null;

async function keep() {
  due = 0;
  const body = new FormData(form);
  body.set("what", "keep");
  going = fetch(location.href, { method: "POST", body, headers: { "X-Quiet": "1" }, redirect: "error" });
  try {
    const answer = await going;
    if (!answer.ok) throw new Error(String(answer.status));
    told.textContent = told.dataset.says.replace("{count}", await answer.text());
    told.className = "notice good";
  } catch (error) {
    told.textContent = told.dataset.lost;
    told.className = "notice bad";
  }
  told.hidden = false;
}

form.addEventListener("input", (event) => {
  if (event.target.name === "reason") return;
  clearTimeout(due);
  due = setTimeout(keep, 1500);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden" || !due) return;
  clearTimeout(due);
  due = 0;
  const body = new FormData(form);
  body.set("what", "keep");
  fetch(location.href, { method: "POST", body, headers: { "X-Quiet": "1" }, keepalive: true });
});
form.addEventListener("submit", () => clearTimeout(due));
