/* A field whose words are formed with an editor (Trix) from the first time somebody comes there. Without it, it is a plain
   field, and its form is understood either way. */
import { Controller } from "./vendor/stimulus.js";

export class FormedController extends Controller {
  static targets = ["text", "html", "toolbar", "state"];
  static values = { label: String, pictures: String };

  connect() {
    this.written ??= this.textTarget.value; /* what its HTML says, too */
    if (this.textTarget.value) this.form();
  }

  /* The words are formed with an editor from the first time somebody comes here. */
  async form() {
    if (this.editor || !this.hasToolbarTarget) return;
    const came = document.activeElement === this.textTarget;
    this.editor = document.createElement("trix-editor");
    this.textTarget.addEventListener("compositionstart", () => (this.composing = true));
    this.textTarget.addEventListener("compositionend", () => (this.composing = false));
    try {
      this.trix = (await import("./vendor/trix.esm.min.js")).default;
      await customElements.whenDefined("trix-editor");
    } catch {
      return; /* The connection is away: plain words will do. */
    }
    const plain = this.textTarget;
    if (!plain.isConnected) return; /* another page came meanwhile */
    if (this.composing) await new Promise((done) => plain.addEventListener("compositionend", done, { once: true }));
    const { activeElement } = document;
    const focused = activeElement === plain || (came && activeElement === document.body); /* and went nowhere else */
    const end = plain.selectionStart === plain.value.length;
    if (!this.htmlTarget.value || plain.value !== this.written) this.htmlTarget.value = formed(plain.value);
    for (const [name, value] of Object.entries({
      input: this.htmlTarget.id,
      toolbar: this.toolbarTarget.id,
      id: plain.id,
      class: "formed composer__editor",
      placeholder: plain.placeholder,
      "aria-label": this.labelValue,
      dir: "auto",
    })) {
      this.editor.setAttribute(name, value);
    }
    for (const name of ["aria-invalid", "aria-describedby"]) {
      if (plain.hasAttribute(name)) this.editor.setAttribute(name, plain.getAttribute(name));
    }
    this.editor.addEventListener("trix-change", () => this.changed());
    this.editor.addEventListener("trix-file-accept", (event) => this.accept(event));
    const start = plain.selectionStart;
    plain.id = `${plain.id}-plain`;
    plain.hidden = plain.disabled = true;
    this.htmlTarget.disabled = false;
    plain.after(this.editor);
    this.toolbarTarget.hidden = false;
    document.querySelector(".stopped:focus")?.scrollIntoView({ block: "nearest" }); /* the form below it grew */
    if (!focused) return;
    this.editor.focus();
    const length = this.editor.editor.getDocument().toString().length - 1;
    this.editor.editor.setSelectedRange(end ? length : Math.min(start, length));
  }

  /* Puts formed words where the writer is. */
  insert({ html, text }) {
    if (this.editor?.parentNode) {
      this.editor.editor.insertHTML(html);
      return;
    }
    const { selectionStart, selectionEnd } = this.textTarget;
    this.textTarget.setRangeText(text, selectionStart, selectionEnd, "end");
    this.changed();
  }

  /* Selects the first of `places` that stands in the words, so that the next key writes there. */
  select(places) {
    const words = this.words;
    const found = places.map((place) => [words.indexOf(place), place.length]).filter(([at]) => at >= 0);
    if (!found.length) return;
    const [at, length] = found.sort((one, other) => one[0] - other[0])[0];
    if (this.editor?.parentNode) this.editor.editor.setSelectedRange([at, at + length]);
    else this.textTarget.setSelectionRange(at, at + length);
  }

  /* A picture that is dropped or pasted between the words. */
  async accept(event) {
    event.preventDefault();
    const { file } = event;
    this.show(file, await this.hold(file));
  }

  /* Brings a picture to the server, which says where it is seen; nothing else can stand between these words. */
  async hold(file) {
    const form = new FormData();
    form.set("csrfmiddlewaretoken", this.element.elements.csrfmiddlewaretoken.value);
    form.append("files", file);
    try {
      const answer = await fetch(this.picturesValue, { method: "POST", body: form, headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const { pictures, refused } = await answer.json();
      this.stateTarget.textContent = refused.join(" ");
      return pictures;
    } catch {
      this.stateTarget.textContent = this.stateTarget.dataset.unsaved;
      return [];
    }
  }

  /* Puts pictures where the writer is. */
  show(file, pictures) {
    for (const url of pictures) {
      this.editor.editor.insertAttachment(new this.trix.Attachment({ url, contentType: file.type, filename: file.name }));
    }
  }

  changed() {}

  /* The editor writes the last keys into the field that is sent with the next frame (Trix, scheduleRender); here at once. */
  writeDown() {
    this.editor?.editorController?.inputController?.render();
  }

  get words() {
    if (!this.editor?.parentNode) return this.textTarget.value;
    return this.editor.editor.getDocument().toString().replace(/\n$/, "");
  }
}

/* Plain words as the editor takes them. */
function formed(text) {
  const element = document.createElement("div");
  element.textContent = text;
  return text ? `<div>${element.innerHTML.replace(/\n/g, "<br>")}</div>` : "";
}
