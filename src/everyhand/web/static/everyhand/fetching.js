/* Fetches the pages that opening.js puts in place; one of them ahead of its reader, which is said to the server. It is
   written down as fetched then, and as read when we say so. */

const BROUGHT = 'script[src], link[rel="stylesheet"]';
const AHEAD = { "Everyhand-Ahead": "1" };
const SOON = 30000; /* ms in which what was begun is opened; what happens meanwhile the page asks for when it stands */

let begun = null; /* {address, at, page}: the one that is on its way, or here */

/* The page of this address, as a document; null if it is none that can be put in place, or did not come. */
export async function fetched(address, { signal, ahead = false } = {}) {
  try {
    const headers = { Accept: "text/html", ...(ahead && AHEAD) };
    const answer = await fetch(address, { signal, redirect: "manual", headers });
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return isLikeThis(page) ? page : null;
  } catch {
    return null; /* The connection is away, or something else is asked for meanwhile. */
  }
}

/* Has the page of an address come before it is opened. */
export function begin(address) {
  if (!isSoon(address)) begun = { address, at: Date.now(), page: fetched(address, { ahead: true }) };
}

/* The page that was begun, once; null if it was another one, long ago, or did not come. */
export async function taken(address) {
  const page = isSoon(address) ? begun.page : null;
  begun = null;
  return page;
}

export function giveUp() {
  begun = null;
}

/* What was fetched ahead has a reader now. Should the connection break, it stays written down as fetched. */
export function isRead(address) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  const { pathname } = new URL(address, location.href);
  fetch(`${pathname}/reading`, { method: "POST", headers, keepalive: true }).catch(() => null);
}

function isSoon(address) {
  return begun?.address === address && Date.now() - begun.at < SOON;
}

/* Whether somebody else would see a difference beside its parts: another reader, language, style or script. */
function isLikeThis({ head, body, documentElement: { lang, dir } }) {
  const { head: myHead, body: myBody, documentElement: mine } = document;
  const here = new Set([...myHead.querySelectorAll(BROUGHT)].map(source));
  const isBrought = [...head.querySelectorAll(BROUGHT)].every((one) => here.has(source(one)));
  return isBrought && lang === mine.lang && dir === mine.dir && body.dataset.member === myBody.dataset.member;
}

function source(one) {
  return one.getAttribute("src") ?? one.getAttribute("href");
}
