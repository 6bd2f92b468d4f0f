/* The service worker: shows what is pushed to this device, and opens the page when it is clicked. It looks after
   nothing else: no page is kept, no request is touched. */

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const { title, body, page, tag } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { body, tag, data: { page } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(new URL(event.notification.data.page, self.location.origin).href));
});

async function open(page) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((one) => one.url === page);
  if (there) await there.focus();
  else await self.clients.openWindow(page);
}
