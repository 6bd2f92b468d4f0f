/* What is typed into the box at the top of an inbox or a conversation is found at once: the page Search opens in this
   document, and its box goes on with what was typed. Everywhere else, and without scripts, Enter leads there. */
import { givesWay, go } from "./opening.js";

const PAUSE = 200; /* ms after the last letter */
const ENOUGH = 2; /* letters */

let resting = 0;

document.addEventListener("input", ({ target, isComposing }) => {
  if (!target.matches?.("#searching input")) return;
  clearTimeout(resting);
  if (!isComposing && givesWay() && navigator.onLine) resting = setTimeout(() => open(target), PAUSE);
});

document.addEventListener("submit", ({ target }) => {
  if (target.matches("#searching form")) clearTimeout(resting);
});

async function open(typed) {
  if (typed.value.trim().length < ENOUGH || !typed.isConnected) return;
  await go(found(typed));
  const box = document.querySelector("main #search");
  if (!box) return; /* something else was opened meanwhile */
  const shown = box.value;
  box.value = typed.value;
  box.focus({ preventScroll: true });
  box.setSelectionRange(box.value.length, box.value.length);
  window.addEventListener("everyhand:lively", () => catchUp(box, shown), { once: true }); /* htmx hears its letters now */
}

/* With letters that were typed until then. */
function catchUp(box, shown) {
  if (!box.isConnected || box.value === shown) return;
  window.htmx.ajax("GET", box.form.action, { source: box, target: "#found", select: "#found", swap: "morph:outerHTML" });
}

function found({ form, value }) {
  return `${form.action}?${new URLSearchParams({ q: value })}`;
}
