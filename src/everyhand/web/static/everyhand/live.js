/* Tells an open page that a conversation moved.

   The page says where it stands: <meta name="live" content="{cursor of the journal}">. What shows conversations says
   which: data-live="" any of them, data-live="42" that one. Such an element gets the event "live" when it should fetch
   itself again (hx-trigger="live"), at most once a second; with data-live-when="conversation.split ..." only when one of
   these happened. On document: "everyhand:conversation" with
   {conversation, action, message}, "everyhand:presence" with {conversation, people}, "everyhand:notices" with {unread},
   "everyhand:resync" when too much was missed to tell. The page of somebody who was let go leaves. And "everyhand:live" with
   {state}: "listening", or "waiting" while there is no connection; <html data-live-state> says the same to the styles. */

const FIRST = 150; /* ms: what is written together is shown together */
const PAUSE = 1000; /* ms between two fetches of one element */
const LONGEST = 60000; /* ms between two attempts to connect */

const page = document.querySelector('meta[name="live"]');
let source = null;
let cursor = "";
let failures = 0;
let retry = 0;
const moved = new WeakMap(); /* element: {timer, at} */

export function listen(since) {
  cursor = since;
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : connect()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", connect);
  window.addEventListener("everyhand:leaving", pause);
  window.addEventListener("everyhand:arrived", goOn);
  window.addEventListener("everyhand:lively", connect);
  connect();
}

/* Another page opens in this document (opening.js): it begins where it was made, once somebody hears what happens. */
function pause() {
  leave();
  say("waiting");
}

function goOn() {
  cursor = page.content;
}

/* A hidden page does not listen: browsers open only six connections to a host, and a tab each would use them up.
   Shown again, it asks for all it missed since its cursor. */
function leave() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function connect() {
  if (source || document.hidden) return;
  clearTimeout(retry);
  const at = document.querySelector("[data-at]")?.dataset.at; /* the conversation that is read here */
  const asked = new URLSearchParams({ ...(cursor && { since: cursor }), ...(at && { at }) });
  source = new EventSource(`/live?${asked}`);
  source.addEventListener("open", () => {
    failures = 0;
    say("listening");
  });
  source.addEventListener("conversation", (event) => {
    reach(event.lastEventId);
    const detail = JSON.parse(event.data);
    document.dispatchEvent(new CustomEvent("everyhand:conversation", { detail }));
    for (const element of document.querySelectorAll(`[data-live=""], [data-live="${Number(detail.conversation)}"]`)) {
      const { liveWhen } = element.dataset;
      if (!liveWhen || liveWhen.split(" ").includes(detail.action)) refresh(element);
    }
  });
  source.addEventListener("presence", (event) => {
    document.dispatchEvent(new CustomEvent("everyhand:presence", { detail: JSON.parse(event.data) }));
  });
  source.addEventListener("notices", (event) => {
    document.dispatchEvent(new CustomEvent("everyhand:notices", { detail: JSON.parse(event.data) }));
  });
  source.addEventListener("resync", (event) => {
    reach(event.lastEventId);
    document.dispatchEvent(new CustomEvent("everyhand:resync"));
    document.querySelectorAll("[data-live]").forEach(refresh);
  });
  source.addEventListener("gone", () => {
    leave();
    location.replace("/sign-in"); /* whoever reads here was let go */
  });
  source.addEventListener("error", () => {
    say("waiting");
    if (source?.readyState !== EventSource.CLOSED) return; /* the browser tries again by itself */
    leave(); /* it was refused: signed out, too many pages, or the server is starting */
    retry = setTimeout(connect, Math.min(LONGEST, 2000 * 2 ** failures++) * (0.5 + Math.random()));
  });
}

/* The page has what happened until there; so has whoever keeps it (opening.js). */
function reach(entry) {
  cursor = page.content = entry;
}

function refresh(element) {
  const known = moved.get(element) ?? { timer: 0, at: -PAUSE };
  if (known.timer) return;
  known.timer = setTimeout(() => {
    known.timer = 0;
    known.at = performance.now();
    element.dispatchEvent(new CustomEvent("live"));
  }, Math.max(FIRST, known.at + PAUSE - performance.now()));
  moved.set(element, known);
}

function say(state) {
  if (document.documentElement.dataset.liveState === state) return;
  document.documentElement.dataset.liveState = state;
  document.dispatchEvent(new CustomEvent("everyhand:live", { detail: { state } }));
}

if (page) listen(page.content);
