/* Asks the browser to be told by push when somebody presses the button; what it gives us goes out as the form it is in. */

const form = document.querySelector("[data-push]");
const button = form.querySelector("button");
const refused = document.querySelector("[data-push-refused]");

async function subscribe() {
  await navigator.serviceWorker.register("/push-worker.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  const answer = await fetch(form.dataset.push, { method: "POST", body: new FormData(form) });
  const { key } = await answer.json();
  return (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })).toJSON();
}

async function ask(event) {
  event.preventDefault();
  button.disabled = true;
  try {
    const { endpoint, keys } = await subscribe(); /* the browser asks whoever sits there first */
    form.elements.endpoint.value = endpoint;
    form.elements.p256dh.value = keys.p256dh;
    form.elements.auth.value = keys.auth;
    form.submit();
  } catch (error) {
    console.info(error);
    refused.hidden = false;
    button.disabled = false;
  }
}

if ("serviceWorker" in navigator && "PushManager" in window) {
  form.hidden = false;
  form.addEventListener("submit", ask);
}
