/* What Everyhand says after something happened. It stands at the lower edge of the window, and above what can be pressed
   there: never on the field to write in, nor on what can be done with selected conversations. */
import { Controller } from "./vendor/stimulus.js";

const UNCOVERED = ".composer, .triage-bar";
const APART = 8; /* px */

let standing = 0;
const sizes = new ResizeObserver(lift);

/* Counts down the seconds in which a reply can still be taken back, then takes the bar away. */
export class UndoController extends Controller {
  static targets = ["seconds"];
  static values = { due: String };

  connect() {
    this.timer = setInterval(() => this.tick(), 250);
    this.tick();
    stand();
  }

  disconnect() {
    clearInterval(this.timer);
    leave();
  }

  tick() {
    const left = Math.ceil((new Date(this.dueValue) - Date.now()) / 1000);
    if (left > 0) this.secondsTarget.textContent = left;
    else this.element.remove();
  }
}

/* A word that something worked goes by itself; pointing at it or focusing it makes it stay. Errors stay. */
export class ToastController extends Controller {
  connect() {
    if (!this.element.classList.contains("toast--error")) this.resume();
    stand();
  }

  disconnect() {
    clearTimeout(this.timer);
    leave();
  }

  pause() {
    clearTimeout(this.timer);
  }

  resume() {
    this.timer = setTimeout(() => this.close(), 8000);
  }

  close() {
    this.element.remove();
  }
}

function stand() {
  standing += 1;
  for (const one of document.querySelectorAll(UNCOVERED)) sizes.observe(one);
  window.addEventListener("scroll", lift, { passive: true });
  window.addEventListener("resize", lift);
  lift();
}

function leave() {
  standing -= 1;
  if (standing) return lift();
  sizes.disconnect();
  window.removeEventListener("scroll", lift);
  window.removeEventListener("resize", lift);
}

/* As high as it takes, but not out of the window, where what is written is as high as that. */
function lift() {
  const { style } = document.documentElement;
  style.setProperty("--lift", "0px");
  const toasts = boxes(".toasts > .toast");
  const top = Math.min(...toasts.map((one) => one.top));
  const bottom = Math.max(...toasts.map((one) => one.bottom)) + APART;
  const below = boxes(UNCOVERED).filter((one) => one.height && one.top < bottom && one.bottom > top);
  const room = top - APART - document.querySelector(".masthead").getBoundingClientRect().bottom;
  const rise = Math.max(0, ...below.map((one) => bottom - one.top));
  style.setProperty("--lift", `${Math.max(0, Math.min(rise, room))}px`);
}

function boxes(selector) {
  return [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
}
