/* Small behaviours on top of pages that work without them. Each controller does one thing and says what it adds. */
import "./searching.js";
import "./time-zone.js";
import { ToastController, UndoController } from "./toasts.js";
import { DialogController, ShortcutsController, TriageController } from "./triage.js";
import { Application, Controller } from "./vendor/stimulus.js";

const application = Application.start();
const language = document.documentElement.lang || "en";
const SIZES = { hour: 3600, minute: 60 };
const APART = 16; /* px between what is answered and the field to write in */

/* Keeps "12 min ago" true while a page stays open. The server wrote the first words and the exact moment. */
class ClockController extends Controller {
  connect() {
    this.timer = setInterval(() => this.tick(), 30000);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  tick() {
    for (const time of this.element.querySelectorAll("time[data-relative]")) {
      const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
      if (Math.abs(seconds) >= 86400) continue;
      time.textContent = time.dataset.relative === "distance" ? this.distance(Math.abs(seconds)) : this.ago(seconds);
    }
  }

  ago(seconds) {
    const words = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
    if (Math.abs(seconds) < SIZES.minute) return words.format(0, "second");
    const unit = Math.abs(seconds) < SIZES.hour ? "minute" : "hour";
    return words.format(Math.trunc(seconds / SIZES[unit]), unit);
  }

  distance(seconds) {
    const count = (amount, unit) =>
      new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(amount);
    const hours = Math.floor(seconds / SIZES.hour);
    const minutes = Math.floor((seconds % SIZES.hour) / SIZES.minute);
    if (!hours) return count(Math.max(minutes, 1), "minute");
    return minutes && hours < 4 ? `${count(hours, "hour")} ${count(minutes, "minute")}` : count(hours, "hour");
  }
}

/* Applies the chosen appearance at once; the form that was pressed tells the server. */
class AppearanceController extends Controller {
  choose({ currentTarget }) {
    const theme = currentTarget.value;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const button of this.element.querySelectorAll("button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button === currentTarget));
    }
  }
}

/* What a reader selected, folded or typed stays so when the page is refreshed under their eyes. A fold that is open by
   itself opens when it holds (data-holds) something else than before. */
const morphing = window.Idiomorph.defaults.callbacks;
morphing.beforeAttributeUpdated = (name, element) =>
  !(name === "open" && element.localName === "details") &&
  !(name === "checked" && element.name === "conversation") &&
  !(name === "value" && element.localName === "input" && element.value !== element.defaultValue);
morphing.beforeNodeMorphed = (old, now) => {
  if (now.localName === "details" && now.open && old.dataset?.holds !== now.dataset.holds) old.open = true;
};

/* Everything said. A conversation opens where its newest words can be read; what comes in out of sight later, while
   somebody reads or writes elsewhere, is told of by a link to it. */
class TimelineController extends Controller {
  static targets = ["arrived", "who"];

  connect() {
    this.known = new Set(this.said.map((one) => one.id));
    for (const one of this.element.querySelectorAll(".picture > img")) if (one.complete && !one.naturalWidth) one.parentElement.remove();
    this.lookUp();
    this.growing = new ResizeObserver(([{ target }]) => this.makeRoom(target));
    this.growing.observe(document.getElementById("composer"));
    const isLoading = document.readyState !== "complete"; /* a page that is put in place arrives afterwards */
    if (isLoading && performance.getEntriesByType("navigation")[0]?.type === "navigate") this.showNewest();
  }

  disconnect() {
    this.growing.disconnect();
  }

  /* Where the field to write in stays at hand, it grows over what is being answered: whose end was in sight keeps it. */
  makeRoom(composer) {
    const { height, top } = composer.getBoundingClientRect();
    const grown = height - (this.height ?? height);
    this.height = height;
    const covered = (this.said.at(-1)?.getBoundingClientRect().bottom ?? 0) - top;
    if (covered > 0 && covered <= grown) window.scrollBy({ top: covered + APART, behavior: "instant" });
  }

  /* Whoever comes back stands where they stood. */
  arrive({ detail: { place } }) {
    if (place.scroll === undefined) this.showNewest();
  }

  showNewest() {
    const newest = this.said.slice(1).at(-1); /* the first stands under the subject, which says what it is about */
    const { pathname, search, hash } = location;
    if (!newest || !/^\/conversations\/\d+$/.test(pathname) || search || hash) return; /* something else was asked for */
    newest.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  /* Where what is said goes out of sight, at the composer or at the lower edge of the window. */
  get end() {
    return Math.min(document.getElementById("composer").getBoundingClientRect().top, window.innerHeight);
  }

  get said() {
    return [...this.element.querySelectorAll("#timeline .message[id]")];
  }

  /* What came earlier is put in above what is read, which stays where it is. */
  holdPlace({ target, detail: { shouldSwap } }) {
    if (target.id !== "show-earlier" || !shouldSwap) return;
    const topmost = this.element.querySelector(".message");
    const { top } = topmost.getBoundingClientRect();
    const stay = () => window.scrollBy({ top: topmost.getBoundingClientRect().top - top, behavior: "instant" });
    this.element.addEventListener("htmx:afterSwap", stay, { once: true });
  }

  tell() {
    const newest = this.said.filter((one) => !this.known.has(one.id)).at(-1);
    for (const one of this.said) this.known.add(one.id);
    if (!newest) return;
    this.arrivedTarget.href = `#${newest.id}`;
    this.whoTarget.textContent = newest.querySelector("article").getAttribute("aria-label");
    this.arrivedTarget.hidden = false;
    this.look();
  }

  /* Whoever has it before their eyes needs no link. */
  look() {
    if (this.arrivedTarget.hidden) return;
    const message = document.getElementById(this.arrivedTarget.hash.slice(1));
    const { top } = message?.getBoundingClientRect() ?? { top: 0 };
    if (!message || (top > 0 && top < this.end - 40)) this.close();
  }

  close() {
    this.arrivedTarget.hidden = true;
  }

  /* A link to an old message of a long conversation: the page does not hold it yet, so ask for the page from there on. */
  lookUp() {
    const asked = /^#message-(\d{1,18})$/.exec(location.hash)?.[1];
    if (!asked || document.getElementById(`message-${asked}`)) return;
    const page = new URL(location.href);
    if (page.searchParams.get("from") === asked) return; /* it went into another conversation */
    page.searchParams.set("from", asked);
    location.replace(page);
  }
}

/* What only says that it is a picture is to be downloaded, as other files are. */
document.addEventListener("error", ({ target }) => target.closest?.(".picture")?.remove(), true);

/* A menu is closed by looking elsewhere, too. */
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", ({ key }) => {
  const menu = key === "Escape" && document.querySelector(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

application.register("timeline", TimelineController);
application.register("clock", ClockController);
application.register("undo", UndoController);
application.register("toast", ToastController);
application.register("appearance", AppearanceController);
application.register("dialog", DialogController);
application.register("shortcuts", ShortcutsController);
application.register("triage", TriageController);
