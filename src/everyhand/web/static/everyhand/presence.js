/* Shows who is at which conversation right now, and tells that the reader of this page is writing.

   What shows faces says of which conversation: data-presence="42"; what says it in words: data-presence-line="42".
   The words are on <body>: data-reads, data-writes, and both with -many for several people, "{who}" being their names. */

const TELL_EVERY = 4000; /* ms; the server believes it for twice as long */
const here = new Map(); /* conversation: people, without the reader */
const language = document.documentElement.lang || "en";
let told = 0;

document.addEventListener("everyhand:presence", ({ detail }) => {
  const me = Number(document.body.dataset.member);
  here.set(detail.conversation, detail.people.filter((one) => one.member !== me));
  show();
});
document.addEventListener("everyhand:live", ({ detail }) => {
  if (detail.state !== "waiting") return;
  here.clear(); /* nobody tells us any more who left */
  show();
});
document.addEventListener("htmx:afterSettle", show);
window.addEventListener("everyhand:arrived", () => {
  told = 0; /* that was said of another conversation */
});

document.addEventListener("input", ({ target }) => {
  const place = target.closest("#composer") && document.querySelector("[data-at]");
  if (!place || Date.now() - told < TELL_EVERY) return;
  told = Date.now();
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  fetch(`/conversations/${place.dataset.at}/writing`, { method: "POST", headers }).catch(() => {
    told = 0; /* the connection is away: said again at the next letter */
  });
});

function show() {
  for (const place of document.querySelectorAll("[data-presence]")) {
    place.replaceChildren(...(here.get(Number(place.dataset.presence)) ?? []).slice(0, 3).map(face));
  }
  for (const line of document.querySelectorAll("[data-presence-line]")) {
    const people = here.get(Number(line.dataset.presenceLine)) ?? [];
    const words = [sentence(people.filter((one) => one.writes), "writes"), sentence(people.filter((one) => !one.writes), "reads")];
    const said = words.filter(Boolean).join(" ");
    if (line.textContent !== said) line.textContent = said;
    line.hidden = !said;
  }
}

function face(person) {
  const face = document.createElement("span");
  face.className = `avatar avatar--member avatar--tiny tint-${person.tint}${person.writes ? " avatar--writing" : ""}`;
  face.title = sentence([person], person.writes ? "writes" : "reads");
  face.setAttribute("role", "img");
  face.setAttribute("aria-label", face.title);
  if (person.picture) {
    face.append(Object.assign(new Image(), { src: person.picture, alt: "" }));
  } else {
    face.textContent = person.initials;
  }
  return face;
}

function sentence(people, doing) {
  if (!people.length) return "";
  const who = new Intl.ListFormat(language, { type: "conjunction" }).format(people.map((one) => one.name));
  return document.body.dataset[people.length > 1 ? `${doing}Many` : doing].replace("{who}", who);
}
