/* Going through the inbox by keyboard: what is selected, where the reader stands, and what a letter does. */
import { go, goBack } from "./opening.js";
import { Controller } from "./vendor/stimulus.js";

const SELECTED = 'input[name="conversation"]:checked';

/* The rows of the inbox. Without a selection, a verb means the row where the reader stands. */
export class TriageController extends Controller {
  static targets = ["count"];

  connect() {
    this.place = 0;
    this.last = null;
    this.onFocus = ({ target }) => {
      const at = this.rows.indexOf(target.closest?.(".conversation-row"));
      if (at >= 0) this.place = at;
    };
    this.onClick = (event) => this.range(event);
    this.element.addEventListener("focusin", this.onFocus);
    this.element.addEventListener("click", this.onClick);
    this.count();
  }

  disconnect() {
    this.element.removeEventListener("focusin", this.onFocus);
    this.element.removeEventListener("click", this.onClick);
  }

  get rows() {
    return [...this.element.querySelectorAll(".conversation-row")];
  }

  get row() {
    return this.rows[Math.min(this.place, this.rows.length - 1)];
  }

  /* With Shift, everything from the last tick to this one. */
  range(event) {
    const box = event.target;
    if (box.name !== "conversation") return;
    const boxes = [...this.element.querySelectorAll('input[name="conversation"]')];
    const [from, to] = [boxes.indexOf(this.last), boxes.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
    this.last = box;
    this.count();
  }

  ensure(event) {
    if (!this.element.querySelector(SELECTED)) this.toggle();
    if (!this.element.querySelector(SELECTED)) event.preventDefault();
  }

  toggle() {
    const box = this.row?.querySelector('input[name="conversation"]');
    if (box) box.checked = !box.checked;
    this.last = box;
    this.count();
    return box;
  }

  count() {
    const number = this.element.querySelectorAll(SELECTED).length;
    const words = this.countTarget.dataset.words;
    this.countTarget.textContent = number ? words.replace("#", number) : "";
  }

  /* What was done to them is done; what is only fetched again stays selected. */
  clear({ detail }) {
    if (detail?.requestConfig?.verb === "get") return;
    for (const box of this.element.querySelectorAll(SELECTED)) box.checked = false;
    this.count();
  }

  /* Another page opens in this document, and the reader comes back from there (opening.js). */
  leave({ detail: { place } }) {
    place.row = this.place;
    place.picked = [...this.element.querySelectorAll(SELECTED)].map((box) => box.value);
  }

  comeBack({ detail: { place } }) {
    this.place = place.row ?? 0;
    for (const box of this.element.querySelectorAll('input[name="conversation"]')) box.checked = place.picked?.includes(box.value);
    this.count();
    if (place.at && !document.getElementById(place.at)) this.go(0);
  }

  /* What was done may have taken the row away: go on with the one that moved up. */
  goOn() {
    this.count();
    if (document.activeElement === document.body || !document.activeElement) this.go(0);
  }

  go(step) {
    const rows = this.rows;
    const standsThere = rows[this.place]?.contains(document.activeElement);
    const next = rows[Math.max(0, Math.min(this.place + (standsThere ? step : 0), rows.length - 1))];
    next?.querySelector("a")?.focus();
    return next;
  }
}

/* One sheet for what is asked in between. Whatever opens it is a link or a button to a page of its own. */
export class DialogController extends Controller {
  connect() {
    this.onClick = (event) => this.open(event);
    document.addEventListener("click", this.onClick);
  }

  disconnect() {
    document.removeEventListener("click", this.onClick);
  }

  async open(event) {
    const opener = event.target.closest?.("[data-dialog]");
    if (!opener || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const form = opener.form;
    const path = form ? opener.formAction : opener.href;
    const values = form ? Object.fromEntries(["csrfmiddlewaretoken", "back"].map((name) => [name, form.elements[name].value])) : {};
    if (form) values.conversation = [...form.querySelectorAll(SELECTED)].map((box) => box.value);
    this.opener = opener;
    await window.htmx.ajax(form ? "POST" : "GET", path, { target: "#dialog-sheet", select: "#dialog-content", swap: "innerHTML", values });
    if (!this.element.open) this.element.showModal();
    this.element.querySelector("[autofocus]")?.focus();
  }

  outside(event) {
    if (event.target === this.element) this.element.close();
  }

  dismiss(event) {
    event.preventDefault();
    this.element.close();
  }

  close() {
    this.element.close();
  }
}

/* One-letter keys, unless the member switched them off. What carries data-key is pressed by that key. */
export class ShortcutsController extends Controller {
  connect() {
    this.arrive();
  }

  arrive() {
    const asked = /^#(reply|note)-text$/.exec(location.hash);
    if (asked) requestAnimationFrame(() => this.write(asked[1]));
  }

  press(event) {
    if (!this.element.hasAttribute("data-shortcuts") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.defaultPrevented || event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    const acts = {
      "/": () => this.focus("#search"),
      j: () => this.inbox?.go(1),
      k: () => this.inbox?.go(-1),
      x: () => this.inbox?.toggle(),
      o: () => this.visit(""),
      r: () => this.write("reply") || this.visit("#reply-text"),
      n: () => this.write("note") || this.visit("#note-text"),
      a: () => !this.inbox && this.focus("#assignment-owner"),
      u: () => !this.inbox && ((this.conversation && goBack()) || this.follow(".rail [aria-current], .rail a, .brand")),
    };
    if (acts[event.key]?.() || this.push(event.key)) event.preventDefault();
  }

  get inbox() {
    const element = document.querySelector('[data-controller~="triage"]');
    return element && this.application.getControllerForElementAndIdentifier(element, "triage");
  }

  get conversation() {
    return document.querySelector(".conversation[data-at]");
  }

  push(key) {
    if (!/^[a-z#?]$/.test(key)) return false;
    const button = [...document.querySelectorAll(`[data-key="${key}"]:not([hidden])`)].at(-1);
    if (button?.localName === "summary") button.focus(); /* so that Tab goes on into what it opens */
    button?.click();
    return button;
  }

  visit(hash) {
    const link = this.inbox?.row?.querySelector("a");
    if (link) go(link.href + hash);
    return link;
  }

  follow(selector) {
    const link = document.querySelector(selector);
    link?.click();
    return link;
  }

  /* A link to where one writes. */
  jump(event) {
    const asked = /^#(reply|note)-text$/.exec(event.target.closest?.("a")?.hash);
    if (asked && this.write(asked[1])) event.preventDefault();
  }

  write(mode) {
    const choice = document.querySelector(`.composer input[value="${mode}"]`);
    choice?.click();
    return choice && this.focus(`#${mode}-text`);
  }

  focus(selector) {
    const field = document.querySelector(selector);
    field?.focus();
    return field;
  }
}
