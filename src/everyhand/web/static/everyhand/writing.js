/* Where a member writes: the draft is saved on the server as they go, files are attached at once, and the reply gets an
   editor when it is first used. Without scripts the form does all of that when it is sent. */
import { FormedController } from "./editor.js";
import { SuggestController } from "./suggesting.js";
import { Application } from "./vendor/stimulus.js";

const PAUSE = 800; /* ms without a key before a draft is saved */
const AGAIN = 10000; /* ms before what could not be saved is tried again */

class DraftController extends FormedController {
  static targets = ["token", "version", "input", "files", "state"];
  static values = { url: String, key: String, saved: String, unsaved: String, other: String };

  connect() {
    this.saving = Promise.resolve();
    this.written = this.words;
    const kept = this.onDevice;
    if (kept && (this.wasSent(kept) || kept.text === this.textTarget.value)) this.forget();
    else if (kept) this.restore(kept);
    super.connect();
  }

  /* What this device has and the server has not yet. It says what it went on from, so that nothing newer is overwritten. */
  restore({ text, html, draft, version }) {
    this.textTarget.value = text;
    if (this.hasHtmlTarget) this.htmlTarget.value = html;
    this.tokenTarget.value = draft;
    this.versionTarget.value = version;
    this.written = html ? text : "";
    this.keep();
  }

  disconnect() {
    clearTimeout(this.timer);
  }

  changed() {
    this.keep();
  }

  /* At once on this device, shortly after on the server, from where every other device has it. */
  keep() {
    this.onDevice = {
      text: this.words,
      html: this.editor?.parentNode ? this.htmlTarget.value : "",
      draft: this.tokenTarget.value,
      version: this.versionTarget.value,
    };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  save(files = [], shown = false) {
    clearTimeout(this.timer);
    this.timer = 0;
    this.saving = this.saving.then(() => this.put(files, shown));
    return this.saving;
  }

  async put(files, shown) {
    if (this.sent) return [];
    this.writeDown();
    const now = this.words;
    const form = new FormData(this.element);
    form.delete("files");
    for (const file of files) form.append("files", file);
    if (shown) form.set("shown", "yes");
    try {
      const answer = await fetch(this.urlValue, { method: "POST", body: form, headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const { draft, version, files: list, pictures, refused } = await answer.json();
      const forked = this.tokenTarget.value && draft && draft !== this.tokenTarget.value;
      this.tokenTarget.value = draft;
      this.versionTarget.value = version;
      this.filesTarget.innerHTML = list; /* our own page made it */
      this.written = now;
      if (this.words === now) this.forget();
      const said = forked ? this.otherValue : draft ? this.savedValue : "";
      this.stateTarget.textContent = refused.join(" ") || said;
      return pictures;
    } catch {
      this.stateTarget.textContent = this.unsavedValue;
      if (this.element.isConnected) this.timer = setTimeout(() => this.save(), AGAIN);
      return [];
    }
  }

  /* The page is left: what is not saved yet goes after it. */
  leave() {
    if (this.sent || (this.words === this.written && !this.timer)) return;
    this.writeDown();
    const form = new FormData(this.element);
    form.delete("files");
    fetch(this.urlValue, { method: "POST", body: form, keepalive: true }).catch(() => {});
  }

  /* Another page opens in this document (opening.js): it waits for what is being sent, and what is saved outlives this one. */
  part(event) {
    if (this.leaving) event.preventDefault();
    this.writeDown();
    event.detail.until(this.words === this.written && !this.timer ? this.saving : this.save());
  }

  /* What came from elsewhere into the same draft. */
  goOnFrom({ draft, version, files, said }) {
    if (draft) {
      this.tokenTarget.value = draft;
      this.versionTarget.value = version;
      this.filesTarget.innerHTML = files; /* our own page made it */
    }
    this.stateTarget.textContent = said;
  }

  attach() {
    const files = [...this.inputTarget.files];
    this.inputTarget.value = "";
    this.save(files);
  }

  async leaveOut(event) {
    event.preventDefault();
    await this.save();
    const body = new FormData();
    body.set("csrfmiddlewaretoken", this.element.elements.csrfmiddlewaretoken.value);
    await fetch(event.currentTarget?.formAction ?? event.target.closest("button").formAction, {
      method: "POST",
      body,
      redirect: "manual",
    }).catch(() => {});
    await this.save();
    this.inputTarget.focus();
  }

  /* To where this goes on: what is not saved yet goes first. */
  async takeAlong(event) {
    const link = event.target.closest?.("a[data-takes-drafts]");
    if (!link || (this.words === this.written && !this.timer)) return;
    event.preventDefault();
    await this.save();
    if (this.words === this.written) location.assign(link.href);
  }

  press(event) {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      this.element.requestSubmit();
    }
  }

  /* Files on their way arrive first, and the editor writes the last keys down. */
  async send(event) {
    if (this.sent) return;
    event.preventDefault();
    if (this.leaving) return;
    this.leaving = true;
    const button = event.submitter;
    await frame();
    await this.saving;
    clearTimeout(this.timer);
    this.sent = true;
    const kept = this.onDevice;
    if (kept) this.onDevice = { ...kept, sent: true };
    this.element.requestSubmit(button);
  }

  /* Back on a page that the browser kept. */
  back() {
    this.sent = this.leaving = false;
  }

  /* Pictures stand between the words, shown from the server, which the page's policy allows; every other file goes
     beside them. */
  async accept(event) {
    event.preventDefault();
    const { file } = event;
    this.show(file, await this.save([file], /^image\/(png|jpeg|gif|webp)$/.test(file.type)));
  }

  /* Its draft is gone from the server, or its words stand on the page. */
  wasSent({ text: words, draft, sent }) {
    const drafts = [this.tokenTarget.value, ...[...document.querySelectorAll("[data-draft-token]")].map((one) => one.dataset.draftToken)];
    if (sent && draft && !drafts.includes(draft)) return true;
    const said = document.querySelectorAll(".message--out .message__text, .message--note .message__text");
    return [...said].some((text) => text.textContent.trim() === words.trim());
  }

  forget() {
    this.onDevice = null;
  }

  get onDevice() {
    try {
      return JSON.parse(localStorage.getItem(this.keyValue));
    } catch {
      return null; /* Storage is closed to us: the draft lives on the server only. */
    }
  }

  set onDevice(kept) {
    try {
      if (kept?.text.trim()) localStorage.setItem(this.keyValue, JSON.stringify(kept));
      else localStorage.removeItem(this.keyValue);
    } catch {
      /* As above. */
    }
  }
}

/* The next time the page is drawn, or a moment later where it is not. */
function frame() {
  return new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, 150);
  });
}

const application = Application.start();
application.register("draft", DraftController);
application.register("formed", FormedController);
application.register("suggest", SuggestController);
