// Streamlit's uploader makes an element and a request for each file: hundreds of pictures at once stop
// the page, thousands for good. More than a few are packed here into a stored zip, which its own input
// gets instead; so is a dropped folder, whose files keep their paths. packed.py unpacks.
if (!window.odtPacking) {
  window.odtPacking = true;
  const { few, most, folderBytes, zipBytes, mark } = LIMITS;
  const INPUT = '[class*="st-key-upload_"] [data-testid="stFileUploaderDropzoneInput"]';
  const SLICE = 1 << 20;  // bytes read at a time
  const AT_ONCE = 16;  // files read at a time
  const HEADERS = 30 + 46;  // bytes of a file's two
  const END = 22 + mark.length;
  const encoder = new TextEncoder();

  const TABLE = Int32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
  });
  const crc32 = async (file) => {
    let crc = -1;
    for (let at = 0; at < file.size; at += SLICE) {
      const bytes = new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
      for (let k = 0; k < bytes.length; k++) crc = TABLE[(crc ^ bytes[k]) & 255] ^ (crc >>> 8);
    }
    return ~crc >>> 0;
  };

  const record = (...fields) => {  // of [bytes, number]
    const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
    let at = 0;
    for (const [bytes, number] of fields) {
      if (bytes === 4) view.setUint32(at, number, true);
      else view.setUint16(at, number, true);
      at += bytes;
    }
    return view;
  };

  class Zip {
    content = [];
    pending = [];  // records and files that are not in the content yet
    directory = [];
    files = 0;
    at = 0;  // bytes so far
    size = 0;  // bytes of the directory

    // name: in UTF-8.
    add({ name, file, crc }) {
      const both = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 0x21], [4, crc], [4, file.size], [4, file.size], [2, name.length], [2, 0]];
      this.pending.push(record([4, 0x04034b50], ...both), name, file);
      this.directory.push(record([4, 0x02014b50], [2, 20], ...both, [2, 0], [2, 0], [2, 0], [4, 0], [4, this.at]), name);
      this.files += 1;
      this.at += 30 + name.length + file.size;
      this.size += 46 + name.length;
    }

    // Thousands of files in one go would take the browser seconds.
    settle() {
      this.content.push(new Blob(this.pending));
      this.pending = [];
    }

    file(called) {
      const end = record([4, 0x06054b50], [2, 0], [2, 0], [2, this.files], [2, this.files], [4, this.size], [4, this.at], [2, mark.length]);
      return new File([...this.content, ...this.pending, ...this.directory, end, mark], called, { type: "application/zip" });
    }
  }

  // The entries of a drop have to be taken before its handler ends; what is in them takes its time.
  const walk = async (entry, found, say) => {
    if (entry.name.startsWith(".") || found.length > most) return;
    if (entry.isFile) {
      const file = await new Promise((done, fail) => entry.file(done, fail));
      if (found.push({ path: entry.fullPath.slice(1), file }) % 100 === 0) say(`Looking into folders: ${count(found)} so far…`);
      return;
    }
    for (const reader = entry.createReader(); ;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return;
      for (const one of some) await walk(one, found, say);
    }
  };

  const count = (files) => `${files.length.toLocaleString("en")} file${files.length === 1 ? "" : "s"}`;
  const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

  const wrong = (files, folders) => {
    if (!files.length) return "There is no file in that.";
    if (files.length > most) return `That is more than ${most.toLocaleString("en")} files, the most that are taken at once. Give fewer at a time.`;
    if (!folders) return "";  // whose sizes the browser would look up one by one, and stand still
    const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    if (bytes > folderBytes) return `That is ${megabytes(bytes)}; of folders at most ${megabytes(folderBytes)} are taken at once. Give fewer at a time.`;
    return "";
  };

  // The files in zips that the server takes; one that is too large for any is handed on as it is.
  const packed = async (files, say) => {
    const zips = [new Zip()], large = [];
    let done = 0;
    const all = files.map(({ path, file }) => ({ path, file, name: encoder.encode(path.replace(/[:\\]/g, "_")) }));
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const some = all.slice(at, at + AT_ONCE);
      await Promise.all(some.map(async (one) => {
        one.crc = await crc32(one.file).catch(() => { throw new Error(`'${one.path}' cannot be read. Nothing was added.`); });
        say(`Packing ${(++done).toLocaleString("en")} of ${count(files)}…`);
      }));
      for (const one of some) {
        const needs = HEADERS + 2 * one.name.length + one.file.size;
        if (needs > zipBytes - END) { large.push(one.file); continue; }
        if (zips.at(-1).at + zips.at(-1).size + needs > zipBytes - END) zips.push(new Zip());
        zips.at(-1).add(one);
      }
      zips.at(-1).settle();
    }
    const part = (k) => (zips.length > 1 ? `, part ${k + 1} of ${zips.length}` : "");
    return [...zips.filter((one) => one.files).map((one, k) => one.file(`${count(files)}${part(k)}.zip`)), ...large];
  };

  // One line below the uploader says what is going on, or what is wrong.
  const line = (input) => {
    const uploader = input.closest('[data-testid="stFileUploader"]');
    uploader.querySelectorAll(".odt-packing.wrong").forEach((old) => old.remove());
    const element = Object.assign(document.createElement("p"), { className: "odt-note odt-packing", role: "status" });
    let last = -Infinity;
    return {
      say: (text) => {
        if (performance.now() - last < 200) return;  // ms
        last = performance.now();
        element.textContent = text;
        if (!element.isConnected) uploader.append(element);
      },
      fail: (text) => {
        Object.assign(element, { className: "odt-note odt-packing wrong", role: "alert", textContent: text });
        uploader.append(element);
      },
      remove: () => element.remove(),
    };
  };

  const hand = (files) => {
    const input = document.querySelector(INPUT);
    if (!input) return;  // another way, or another page, was chosen meanwhile
    const given = new DataTransfer();
    files.forEach((file) => given.items.add(file));
    input.files = given.files;
    input.dispatchEvent(Object.assign(new Event("change", { bubbles: true }), { odt: true }));
  };

  const pack = async (input, find, folders) => {
    const { say, fail, remove } = line(input);
    try {
      const files = await find(say);
      const trouble = wrong(files, folders);
      if (trouble) return fail(trouble);
      hand(await packed(files, say));
      remove();
    } catch (error) {
      fail(error.message);
    }
  };

  const IGNORED = new Set([".DS_Store", "Thumbs.db"]);  // as the uploader does
  const loose = (list) => [...list].filter((file) => !IGNORED.has(file.name)).map((file) => ({ path: file.name, file }));

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (event.odt || !input.matches?.(INPUT) || input.files.length <= few) return;
    event.stopImmediatePropagation();
    const files = loose(input.files);  // now: the dialog may be opened again
    pack(input, async () => files, false);
  }, true);

  document.addEventListener("drop", (event) => {
    const zone = event.target.closest?.('[data-testid="stFileUploaderDropzone"]');
    const input = zone?.querySelector("input");
    if (event.odt || !input?.matches(INPUT) || input.disabled || !event.dataTransfer) return;
    const given = event.dataTransfer;
    const entries = [...given.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const folders = entries.some((entry) => entry.isDirectory);
    if (!folders && given.files.length <= few) return;
    const files = folders ? [] : loose(given.files);
    event.preventDefault();
    event.stopImmediatePropagation();
    // The uploader waits for the end of what is being dragged: it gets a drop of nothing.
    zone.dispatchEvent(Object.assign(new Event("drop", { bubbles: true, cancelable: true }), { odt: true }));
    pack(input, async (say) => {
      for (const entry of folders ? entries : []) await walk(entry, files, say);
      return files;
    }, folders);
  }, true);
}
