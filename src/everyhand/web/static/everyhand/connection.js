/* While there is no connection no form is sent: the browser's page of that would take the place of what was typed. What
   there is no draft of has no other copy. The words are on <body>: data-unreachable. */

const reached = new WeakSet(); /* forms whose server was asked just now */

document.addEventListener("submit", hold, true);
document.addEventListener("htmx:sendError", tell);

function hold(event) {
  const { target: form, submitter } = event;
  if (reached.delete(form) || (navigator.onLine && document.documentElement.dataset.liveState !== "waiting")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  fetch("/healthz", { cache: "no-store" }).then(
    () => {
      reached.add(form);
      form.requestSubmit(submitter);
    },
    tell,
  );
}

function tell() {
  const toasts = document.getElementById("toasts");
  toasts.querySelector("[data-said-here]")?.remove();
  const toast = document.createElement("div");
  toast.className = "toast toast--error";
  toast.dataset.saidHere = "";
  toast.dataset.controller = "toast";
  toast.textContent = document.body.dataset.unreachable;
  toasts.append(toast);
  addEventListener("online", () => toast.remove(), { once: true });
  setTimeout(() => toast.remove(), 12000);
}
