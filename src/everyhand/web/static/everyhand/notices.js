/* The bell: says how many notices are unread, as the live stream tells it ("everyhand:notices", see live.js). Whoever
   looks at a conversation has read what was told of it, so the server is told that, and counts again. */

const KEPT = "unread-notices"; /* until the stream speaks, a new page shows what the last one knew */

function show(unread) {
  for (const bell of document.querySelectorAll("[data-bell]")) {
    const count = bell.querySelector(".bell__count");
    count.hidden = !unread;
    count.replaceChildren(unread > 99 ? "99+" : String(unread));
    const saying = document.createElement("span");
    saying.className = "unseen";
    saying.textContent = ` ${count.dataset.saying}`;
    count.append(saying);
  }
}

function read() {
  const conversation = location.pathname.match(/^\/conversations\/(\d+)$/)?.[1];
  if (!conversation || document.hidden) return;
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  fetch(`/conversations/${conversation}/notices`, { method: "POST", headers, redirect: "manual" }).catch(() => {
    /* no connection; the stream comes back with the number, and this is tried again */
  });
}

document.addEventListener("everyhand:notices", ({ detail: { unread } }) => {
  sessionStorage.setItem(KEPT, unread);
  show(unread);
  if (unread) read();
});

show(Number(sessionStorage.getItem(KEPT)));
