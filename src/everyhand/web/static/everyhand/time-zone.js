/* Tells the server in which time zone this browser is, once on each device, while its reader has chosen none:
   data-time-zone on <body> is where to. */

const { member, timeZone } = document.body.dataset;
const told = `time-zone-${member}`;

try {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (timeZone && zone && !localStorage.getItem(told)) tell(zone);
} catch {
  /* It keeps nothing on this device, so it would tell it on every page. */
}

function tell(zone) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  fetch(timeZone, { method: "POST", headers, body: new URLSearchParams({ zone }), redirect: "manual" }).then(
    () => localStorage.setItem(told, zone),
    () => {}, /* no connection: the next page tells it */
  );
}
