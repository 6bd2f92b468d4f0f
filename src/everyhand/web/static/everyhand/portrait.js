/* Makes a chosen picture a small square before it is sent: a page may show fifty faces. What can't be made smaller goes
   as it is, and the server says what it thinks of it. */

import { Application, Controller } from "./vendor/stimulus.js";

const SIDE = 256; /* px, three times the largest face */

class PortraitController extends Controller {
  async shrink({ target }) {
    const [file] = target.files;
    if (!file) return;
    try {
      const picture = await createImageBitmap(file);
      const side = Math.min(picture.width, picture.height);
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = SIDE;
      const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
      canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
      const small = await new Promise((done) => canvas.toBlob(done, "image/webp", 0.85));
      const chosen = new DataTransfer();
      chosen.items.add(new File([small], file.name, { type: small.type }));
      target.files = chosen.files;
    } catch {
      /* no picture, or one this browser can't read */
    }
  }
}

Application.start().register("portrait", PortraitController);
