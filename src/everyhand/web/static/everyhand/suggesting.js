/* What is offered while somebody types: colleagues after "@" in a note, canned replies after "/" in a reply. The words go
   on being typed in the field; arrows choose, Enter takes, Escape leaves what was typed. */
import { Controller } from "./vendor/stimulus.js";

const PAUSE = 120; /* ms without a key before we ask */
const QUERY = 40; /* characters after the sign; longer is no name any more */

export class SuggestController extends Controller {
  static targets = ["list", "number"];
  static values = { url: String, sign: String, name: String, number: String, none: String };

  connect() {
    this.onKey = (event) => this.press(event);
    this.onInput = (event) => event.target.closest("textarea, trix-editor") && this.look();
    this.element.addEventListener("keydown", this.onKey, { capture: true });
    this.element.addEventListener("input", this.onInput);
    this.element.addEventListener("trix-change", this.onInput);
  }

  disconnect() {
    clearTimeout(this.timer);
    this.element.removeEventListener("keydown", this.onKey, { capture: true });
    this.element.removeEventListener("input", this.onInput);
    this.element.removeEventListener("trix-change", this.onInput);
  }

  /* The button that does the same as typing the sign. */
  async open(event) {
    event.preventDefault();
    await this.draft.form();
    const { field } = this;
    const elsewhere = document.activeElement !== field;
    field.focus();
    if (elsewhere) this.goToEnd(field);
    const { before } = this;
    this.type(before && !/\s$/.test(before) ? ` ${this.signValue}` : this.signValue);
    this.look();
  }

  look() {
    clearTimeout(this.timer);
    const query = this.query;
    if (query === null) this.close();
    else this.timer = setTimeout(() => this.ask(query), this.isOpen || !query ? PAUSE : 0);
  }

  async ask(query) {
    const asked = (this.asked = {});
    try {
      const answer = await fetch(`${this.urlValue}?q=${encodeURIComponent(query)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const { found } = await answer.json();
      if (this.asked === asked && this.query === query) this.offer(found);
    } catch {
      /* The connection is away: what is typed stays what it is. */
    }
  }

  offer(found) {
    this.found = found;
    this.listTarget.replaceChildren(...found.map((one, place) => this.option(one, place)));
    this.listTarget.hidden = !found.length;
    this.numberTarget.textContent = found.length ? this.numberValue.replace("#", found.length) : this.noneValue;
    const field = this.field;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.listTarget.id);
    this.choose(0);
  }

  option(one, place) {
    const option = document.createElement("li");
    option.id = `${this.listTarget.id}-${place}`;
    option.className = "suggestion";
    option.setAttribute("role", "option");
    option.append(words("suggestion__name", one.name), words("suggestion__about", one.about));
    option.addEventListener("mousedown", (event) => event.preventDefault()); /* the field keeps the focus */
    option.addEventListener("click", () => this.take(place));
    return option;
  }

  choose(place) {
    const options = [...this.listTarget.children];
    if (!options.length) return;
    this.place = (place + options.length) % options.length;
    for (const [at, option] of options.entries()) option.setAttribute("aria-selected", String(at === this.place));
    options[this.place].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[this.place].id);
  }

  press(event) {
    if (!this.isOpen || event.isComposing || !event.target.closest("textarea, trix-editor")) return;
    const acts = {
      ArrowDown: () => this.choose(this.place + 1),
      ArrowUp: () => this.choose(this.place - 1),
      Enter: () => this.take(this.place),
      Tab: () => this.take(this.place),
      Escape: () => this.close(),
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  async take(place) {
    const one = this.found[place];
    const length = this.query === null ? 0 : this.query.length + this.signValue.length;
    this.close();
    if (one.as) {
      this.type(`${one.as} `, length);
      return;
    }
    this.type("", length);
    await this.draft.save();
    const form = new FormData(this.element);
    form.delete("files");
    form.set("canned", one.id);
    try {
      const answer = await fetch(this.urlValue, { method: "POST", body: form, headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const filled = await answer.json();
      this.draft.goOnFrom(filled);
      this.draft.insert(filled);
      this.draft.select(filled.missing);
    } catch {
      this.draft.stateTarget.textContent = this.draft.unsavedValue;
    }
  }

  close() {
    this.asked = null;
    if (this.listTarget.hidden && !this.numberTarget.textContent) return;
    this.listTarget.hidden = true;
    this.listTarget.replaceChildren();
    this.numberTarget.textContent = "";
    for (const name of ["aria-activedescendant", "aria-controls", "aria-autocomplete"]) this.field.removeAttribute(name);
  }

  get isOpen() {
    return !this.listTarget.hidden;
  }

  get draft() {
    return this.application.getControllerForElementAndIdentifier(this.element, "draft");
  }

  get field() {
    return this.element.querySelector("trix-editor") ?? this.element.querySelector("textarea");
  }

  /* The words before the writer's place. */
  get before() {
    const { field } = this;
    if (field.localName === "textarea") return field.value.slice(0, field.selectionStart);
    return field.editor.getDocument().toString().slice(0, field.editor.getSelectedRange()[0]);
  }

  /* What is typed after the sign; null where there is none. */
  get query() {
    const before = this.before;
    const at = before.lastIndexOf(this.signValue);
    const query = before.slice(at + this.signValue.length);
    const begins = at === 0 || /[\s(]/.test(before[at - 1] ?? "");
    return at < 0 || !begins || query.length > QUERY || /\n|\s\s|^\s/.test(query) ? null : query;
  }

  /* Whoever was not in it yet goes on behind the last word. */
  goToEnd(field) {
    if (field.localName === "textarea") field.selectionStart = field.value.length;
    else field.editor.setSelectedRange(field.editor.getDocument().toString().length - 1);
  }

  /* In place of the last `length` characters. */
  type(text, length = 0) {
    const { field } = this;
    if (field.localName === "textarea") {
      const end = field.selectionStart;
      field.setRangeText(text, end - length, end, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    const [, end] = field.editor.getSelectedRange();
    field.editor.setSelectedRange([end - length, end]);
    if (text) field.editor.insertString(text);
    else if (length) field.editor.deleteInDirection("backward");
  }
}

function words(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
