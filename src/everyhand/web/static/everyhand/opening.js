/* Opens a conversation, and the inbox again, in the document that is there: the other page is fetched whole, and its parts
   take the place of those that stand here. It is on its way when a button of the mouse goes down on a row, and when the
   keyboard rests on one: that is written down as what it is, fetched ahead, and as read once it is opened.
   What is no such page (moved, refused, signed out, of a newer Everyhand) is loaded as any link would load it.

   Whoever only looked finds the inbox again at once, as they left it, and then fetched anew. It is kept in memory alone.

   window is told "everyhand:leaving" while the old page still stands, which may keep it (preventDefault) while it sends
   something: detail.until(promise) is what it has to finish before another page is fetched, and what it puts into
   detail.place it has again in "everyhand:arrived", when the reader comes back. To a page they have not been at they come
   with the place {}. Once the page is seen, and htmx knows it, there is "everyhand:lively". */

import { begin, fetched, giveUp, isRead, taken } from "./fetching.js";

const PLACES = /^\/(inbox\/\w+|conversations\/\d+)$/;
const INBOXES = /^\/inbox\//;
const CONVERSATIONS = /^\/conversations\//;
const PARTS = ["searching", "my-menu", "rail", "main", "toasts"]; /* of the shell (base.html), beside the bar for thumbs */
const BAR = ".tabbar, #more";
const FOLDED = ".earlier:not([open]), .message details:not([open])";
const LONG = 20; /* options of a list */
const SEEN = 50; /* ms that the browser takes to show what it has laid out */
const SLOW = 400; /* ms until it is shown that we wait */
const PATIENCE = 2000; /* ms for what the page that was left has to finish */
const REST = 150; /* ms with the focus on a row */
const FRESH = 600000; /* ms after which an inbox that was left is too old to be shown even for a moment */
const INBOX = "inbox"; /* in sessionStorage: the last one seen in this tab, and where in it */

const places = new Map(); /* entry of the history: where in its page the reader was */
let entry = history.state?.entry ?? named();
let shown = location.pathname + location.search;
let asking = new AbortController();
let finished = Promise.resolve();
let opening = ""; /* the address of the page that is on its way to be put in place */
let resting = 0; /* timer */
let left = ""; /* the page before this one */
let kept = null; /* the inbox that was left last, {address, at, page}, unless something was done since */

/* Whether what stands here may give way to another page, since nothing that was typed is lost with it. */
export function givesWay() {
  return PLACES.test(location.pathname);
}

/* Shows the page of an address of ours; `place` is where in it the reader was, `again` whether the history has it already. */
export async function go(address, { place = {}, again = false } = {}) {
  asking.abort();
  asking = new AbortController();
  const stood = standing(address);
  opening = stood ? "" : address;
  if (stood) return put(stood, address, { place, again, stood });
  const { signal } = asking;
  const slow = setTimeout(() => part("main").setAttribute("aria-busy", "true"), SLOW);
  try {
    await finished;
    const early = await taken(address);
    const page = early ?? (await fetched(address, { signal }));
    if (signal.aborted) return;
    if (page) {
      if (put(page, address, { place, again }) && early) isRead(address);
    } else if (again) location.reload();
    else location.assign(address);
  } finally {
    clearTimeout(slow);
    if (asking.signal === signal) {
      opening = "";
      part("main").removeAttribute("aria-busy");
    }
  }
}

/* To the inbox the reader saw last in this tab; false if that was none. */
export function goBack() {
  const inbox = seenLast();
  if (inbox) go(inbox.address, inbox);
  return Boolean(inbox);
}

function put(page, address, { place, again, stood = null }) {
  if (!leave()) return false;
  document.activeElement?.blur(); /* while the page is laid out: when what has the focus goes, the browser lays it out again */
  if (INBOXES.test(shown) && CONVERSATIONS.test(new URL(address, location.href).pathname)) kept = { address: shown, at: Date.now(), page: takenAway() };
  if (!again) {
    history.replaceState({ ...history.state, entry }, "");
    history.pushState({ entry: named() }, "", address);
  }
  entry = history.state?.entry ?? named();
  left = shown;
  shown = location.pathname + location.search;
  document.title = page.querySelector("title").textContent;
  for (const [selector, name] of [["body", "hx-headers"], ['meta[name="live"]', "content"]]) {
    document.querySelector(selector).setAttribute(name, page.querySelector(selector).getAttribute(name));
  }
  const complete = putOff(page);
  for (const id of PARTS) part(id).replaceChildren(...page.getElementById(id).childNodes);
  for (const one of document.querySelectorAll(BAR)) one.remove();
  part("main").after(...page.querySelectorAll(BAR));
  /* Once it is seen; until then it works without htmx. */
  requestAnimationFrame(() => setTimeout(() => {
    complete();
    liven();
    if (stood) for (const one of document.querySelectorAll("[data-live]")) one.dispatchEvent(new CustomEvent("live"));
    window.dispatchEvent(new CustomEvent("everyhand:lively"));
  }, SEEN));
  queueMicrotask(() => arrive(place)); /* after the controllers of the page */
  return true;
}

/* What stands here, taken out of the document, in the form of a page that was fetched. */
function takenAway() {
  const page = document.createDocumentFragment();
  page.append(document.querySelector("title").cloneNode(true), document.querySelector('meta[name="live"]').cloneNode());
  page.append(document.body.cloneNode());
  for (const id of PARTS) {
    const shell = part(id).cloneNode();
    shell.append(...part(id).childNodes);
    page.append(shell);
  }
  page.append(...document.querySelectorAll(BAR));
  return page;
}

/* The inbox of this address as it was left, null when there is none, it was long ago, or something was done since. */
function standing(address) {
  const { pathname, search } = new URL(address, location.href);
  const stands = kept?.address === pathname + search && Date.now() - kept.at < FRESH;
  const page = stands ? kept.page : null;
  if (stands) kept = null;
  return page;
}

/* Takes out what nobody sees yet, and returns what gives it back: what is folded away of what was said, and the options of
   long lists but those that are chosen, each of which the browser would measure. */
function putOff(page) {
  const whole = new Map();
  for (const fold of location.hash ? [] : page.querySelectorAll(FOLDED)) {
    if (!page.contains(fold)) continue; /* it was in one that is out already */
    whole.set(fold, [...fold.childNodes]);
    fold.replaceChildren(fold.querySelector("summary"));
  }
  for (const list of page.querySelectorAll("select")) {
    if (list.length <= LONG) continue;
    whole.set(list, [...list.childNodes]);
    list.replaceChildren(...[...list.selectedOptions].map((one) => one.cloneNode(true)));
  }
  return () => whole.forEach((every, one) => one.replaceChildren(...every));
}

/* False if the page that stands is sending something: what answers that takes its place. */
function leave() {
  const place = here();
  const ends = [];
  const detail = { place, until: (end) => ends.push(end) };
  if (!window.dispatchEvent(new CustomEvent("everyhand:leaving", { detail, cancelable: true }))) return false;
  finished = Promise.race([Promise.allSettled(ends), new Promise((done) => setTimeout(done, PATIENCE))]);
  places.set(entry, place);
  remember(place);
  breakOff(document.querySelectorAll("main .htmx-request"));
  document.querySelector("dialog[open]")?.close();
  history.scrollRestoration = "manual"; /* the browser would scroll the page that still stands */
  return true;
}

/* What is on its way to these is not waited for. htmx would tell the console of it as of an error. */
function breakOff(waiting) {
  const { error } = console;
  console.error = () => {};
  for (const one of waiting) window.htmx.trigger(one, "htmx:abort");
  console.error = error;
}

function arrive(place) {
  scrollTo({ top: place.scroll ?? 0, behavior: "instant" });
  const heading = part("main").querySelector("h1");
  heading.tabIndex = -1;
  const stood = place.at ? part(place.at) : null;
  /* Rows that were never in view are as high as is supposed; what the eye was on stands where it stood. */
  if (stood) scrollBy({ top: stood.getBoundingClientRect().top - place.top, behavior: "instant" });
  (stood?.querySelector("a") || heading).focus({ preventScroll: true });
  window.dispatchEvent(new CustomEvent("everyhand:arrived", { detail: { place } }));
}

function liven() {
  for (const id of PARTS) window.htmx.process(part(id));
}

/* How far it is scrolled, what around the focus has a name, and where in the window that stands. */
function here() {
  const { activeElement } = document;
  const at = part("main")?.contains(activeElement) ? activeElement.closest("[id]") : null;
  return { scroll: scrollY, at: at?.id ?? "", top: at?.getBoundingClientRect().top };
}

function remember(place) {
  if (INBOXES.test(shown)) sessionStorage.setItem(INBOX, JSON.stringify({ address: shown, place }));
}

function seenLast() {
  return JSON.parse(sessionStorage.getItem(INBOX));
}

function part(id) {
  return document.getElementById(id);
}

function named() {
  return String(performance.timeOrigin + performance.now());
}

/* The link that this event of a mouse or a key is on, if it leads to a page that is opened here. */
function linkOf(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button) return null;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return null;
  if (link.target || link.hash || link.closest("dialog") || link.origin !== location.origin) return null;
  return PLACES.test(link.pathname) && givesWay() ? link : null;
}

/* The row of an inbox that this event is on, as the link to its conversation. */
function rowOf(event) {
  const link = INBOXES.test(location.pathname) ? linkOf(event) : null;
  return link && CONVERSATIONS.test(link.pathname) ? link : null;
}

document.addEventListener("pointerdown", (event) => {
  const row = event.pointerType === "mouse" ? rowOf(event) : null; /* a finger may be about to scroll */
  if (row) beginOnceFinished(row);
});

document.addEventListener("focusin", (event) => {
  clearTimeout(resting);
  const row = event.target.matches(":focus-visible") ? rowOf(event) : null;
  if (!row || row.pathname === left) return; /* who comes back from it has just read it */
  resting = setTimeout(() => document.activeElement === row && beginOnceFinished(row), REST);
});

/* What was being written in it, and is on its way to the server, stands in the page then. The focus comes back to a row
   that is told anew, also while it is being opened. */
function beginOnceFinished(row) {
  finished.then(() => row.href === opening || begin(row.href));
}

document.addEventListener("click", (event) => {
  const link = linkOf(event);
  if (!link) return;
  event.preventDefault();
  go(link.href, { again: link.href === location.href });
});

window.addEventListener("popstate", ({ state }) => {
  const address = location.pathname + location.search;
  const inbox = seenLast();
  if (address === shown) asking.abort(); /* moved within the page, or came back before the other was there */
  else go(address, { place: places.get(state?.entry) ?? (inbox?.address === address ? inbox.place : {}), again: true });
});

/* What is done in a conversation shows in the inbox, which is fetched then as it has become. */
function forget() {
  kept = null;
  giveUp();
}
document.addEventListener("submit", forget, true);
document.addEventListener("htmx:beforeRequest", ({ detail }) => detail.requestConfig.verb === "get" || forget());

/* What is loaded anew, or come back to from elsewhere, the browser scrolls. */
window.addEventListener("pagehide", () => {
  remember(here());
  history.scrollRestoration = "auto";
});
