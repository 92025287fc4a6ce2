// A camera for Streamlit components v2: pictures and bursts for a label, or frames to be answered at
// once (data.mode "record" or "live"). The stream itself is in camera_stream.js, put before this file.
// The default export runs again on every rerun; whatever must outlive a rerun is kept in STATE.
const STATE = new WeakMap();
const HELD = 350;      // ms after which a held button is a burst
const PACE = 200;      // ms between two pictures of a burst
const ROW = 10;        // pictures of "10 in a row", and of a message to Python
const MOST = 100;      // pictures of one burst
const WAITING = 40;    // pictures that may wait for the server before a burst ends
const RESEND = 8000;   // ms without a receipt after which a message is sent again
const LIVE = 125;      // ms from one live frame to the next, at least
const HIDDEN = 15000;  // ms after which a hidden tab lets go of the camera

const TROUBLE = {
  denied: ["This page may not use the camera.", "Your browser blocks it. Click the camera or settings sign beside the page's address, allow the camera, then press Try again."],
  dismissed: ["The camera was not allowed yet.", "Press Try again, and choose Allow when the browser asks."],
  system: ["This computer or phone does not let the browser use the camera.", "Allow it in the system's privacy settings, then press Try again."],
  none: ["No camera was found.", "Plug one in or switch it on, then press Try again."],
  busy: ["The camera is in use.", "Close the program or tab that has it, such as a video call, then press Try again."],
  insecure: ["The browser gives a camera to secure pages only.", "Open this page by an address that begins with https://, or on the computer that it runs on, as http://localhost."],
  gone: ["The camera was disconnected.", "Plug it in again, then press Try again."],
  other: ["The camera did not start.", "Unplug it and plug it in again, or restart the browser, then press Try again."],
};

const token = () => [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");

// Pictures that Python has not confirmed yet. They outlive the element, for when it comes back, but
// not the page: whoever would close or reload it meanwhile is asked first.
const BOXES = Symbol.for("odt.camera.outboxes");
function outbox(key) {
  if (!window[BOXES]) {
    window[BOXES] = {};
    window.addEventListener("beforeunload", (e) => {
      if (Object.values(window[BOXES]).some((out) => out.queue.length)) e.preventDefault();
    });
  }
  return (window[BOXES][key] ??= { session: token(), last: 0, queue: [], flying: 0, timer: 0, taken: null });
}

// The video's present picture as JPEG: its long side at most `longest`, or its short side `shortest`.
function grab(video, { longest, shortest, mirrored, quality }) {
  const { videoWidth: w, videoHeight: h } = video;
  const scale = Math.min(1, longest ? longest / Math.max(w, h) : shortest / Math.min(w, h));
  const sheet = document.createElement("canvas");
  sheet.width = Math.max(1, Math.round(w * scale));
  sheet.height = Math.max(1, Math.round(h * scale));
  const ctx = sheet.getContext("2d");
  if (mirrored) { ctx.translate(sheet.width, 0); ctx.scale(-1, 1); }
  ctx.drawImage(video, 0, 0, sheet.width, sheet.height);
  return sheet.toDataURL("image/jpeg", quality);
}

function setUp(root) {
  const part = (name) => root.querySelector("." + name);
  const video = root.querySelector("video");
  const s = { ready: false, press: null, frame: 0, flying: 0, sent: 0, still: false, timer: 0, away: 0, mirror: null, gone: false };

  // Seeing
  const user = {
    wait() {
      s.ready = false; root.classList.remove("off");
      part("frame").hidden = false; part("trouble").hidden = true;
      part("wait").hidden = false;
      part("wait").textContent = "Starting the camera … If the browser asks, allow it.";
      s.refresh();
    },
    show(stream) {
      root.classList.remove("off");
      part("frame").hidden = false; part("trouble").hidden = true;
      if (video.srcObject !== stream) video.srcObject = stream;
      video.play().catch(() => {});
    },
    fail(word, message) {
      s.ready = false; end(); video.srcObject = null;
      const [title, advice] = TROUBLE[word] ?? TROUBLE.other;
      part("title").textContent = title;
      part("do").textContent = advice + (word === "other" && message ? ` (${message})` : "") + " Or upload pictures instead.";
      part("again").hidden = word === "insecure";
      part("frame").hidden = true; part("trouble").hidden = false; root.classList.add("off");
      s.refresh();
      if (s.data.mode === "live" && s.frame) { s.flying = 0; s.tell("frame", null); }
    },
    list(cameras, id) {
      const select = part("which");
      select.replaceChildren(...cameras.map((camera, k) =>
        new Option(camera.label || `Camera ${k + 1}`, camera.deviceId, false, camera.deviceId === id)));
      part("pick").hidden = cameras.length < 2;
      const track = video.srcObject?.getVideoTracks()[0];
      const back = /back|rear|environment/i.test(track?.getSettings().facingMode + " " + track?.label);
      if (s.mirror === null) { part("mirror").value = back ? "off" : "view"; s.refresh(); }
    },
  };
  video.onloadeddata = video.onresize = () => {
    if (!video.videoWidth) return;
    s.ready = true; part("wait").hidden = true;
    part("frame").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
    s.refresh(); pump();
  };
  part("again").onclick = () => startCamera();
  part("upload").onclick = () => s.trigger("upload", true);
  part("which").onchange = (e) => chooseCamera(e.target.value);
  part("mirror").onchange = (e) => { s.mirror = e.target.value; s.refresh(); };

  // Recording
  const box = () => outbox(s.data.key);
  const mirrored = () => part("mirror").value === "kept";
  function send() {
    const out = box();
    // One is held back while a burst runs: the message that ends it must have something to send.
    if (out.flying || !out.queue.length || s.gone || (s.press && out.queue.length <= ROW)) return;
    const batch = out.queue.slice(0, ROW);
    out.flying = batch[batch.length - 1].seq;
    s.trigger("pictures", { session: out.session, more: Boolean(s.press) || out.queue.length > batch.length,
      pictures: batch.map(({ seq, take, what, url }) => ({ seq, take, what, url })) });
    clearTimeout(out.timer);
    out.timer = setTimeout(() => { out.flying = 0; send(); }, RESEND);
  }
  function receipt(got) {
    const out = box();
    if (!got || got.session !== out.session || !out.queue.length || got.number < out.queue[0].seq) return;
    out.queue.filter((one) => one.seq <= got.number).forEach((one) => one.image.classList.add("kept"));
    out.queue = out.queue.filter((one) => one.seq > got.number);
    if (got.number >= out.flying) { out.flying = 0; clearTimeout(out.timer); }
    if (!out.queue.length && !s.press && out.taken?.take === got.take) { say(saved(out.taken, got.kept)); out.taken = null; }
    send();
  }
  function shoot() {
    if (!s.ready || !s.press) return;
    const out = box(), press = s.press;
    if (out.queue.length >= WAITING) { end("The server is slow: the burst ended here. "); return; }
    const url = grab(video, { longest: s.data.longest, mirrored: mirrored(), quality: 0.9 });
    const image = Object.assign(new Image(), { src: url, alt: "" });
    out.queue.push({ seq: ++out.last, take: press.take, what: s.data.what, url, image });
    press.count += 1;
    const strip = part("strip");
    strip.prepend(image);
    while (strip.children.length > 12) strip.lastChild.remove();
    part("counter").textContent = press.count;
    part("counter").hidden = press.count < 2;
    part("frame").classList.add("flash");
    setTimeout(() => part("frame").classList.remove("flash"), 90);
    if (press.count >= press.most) end(); else send();
  }
  function begin(most = MOST) {
    if (!s.ready || s.press || s.data.locked || s.data.mode !== "record") return;
    s.press = { take: token(), count: 0, most, name: s.data.name, timer: 0 };
    root.classList.add("recording"); say("");
    shoot(); s.refresh();
    const press = s.press;  // null when the server was too slow for even the first
    const go = () => { shoot(); if (s.press === press) press.timer = setInterval(shoot, PACE); };
    if (press) press.timer = setTimeout(go, most === MOST ? HELD : PACE);
  }
  function end(why = "") {
    const press = s.press;
    if (!press) return;
    clearTimeout(press.timer); clearInterval(press.timer);
    s.press = null;
    root.classList.remove("recording"); part("counter").hidden = true; s.refresh();
    box().taken = { ...press, why };
    say(`${why}${pictures(press.count)} taken, saving …`);
    send();
  }
  const pictures = (n) => (n === 1 ? "1 picture" : `${n} pictures`);
  function saved({ why, name, count }, kept) {
    const left = count - kept;
    return `${why}${pictures(kept)} of '${name}' saved.${left > 0 ? ` ${left} left out.` : ""}`;
  }
  function say(text) { part("status").textContent = text; }

  const shutter = part("shoot");
  shutter.onpointerdown = (e) => {
    if (e.pointerType === "mouse" && e.button !== 0) return;
    try { shutter.setPointerCapture(e.pointerId); } catch { /* the pointer is already gone */ }
    s.byPointer = true; begin();
  };
  shutter.onpointerup = shutter.onpointercancel = shutter.onlostpointercapture = () => end();
  shutter.onclick = (e) => {  // a click without a pointer or a key comes from assistive technology
    if (e.detail === 0 && !s.byPointer) { begin(); end(); }
    s.byPointer = false;
  };
  shutter.oncontextmenu = (e) => e.preventDefault();
  const pressing = (e) => e.key === " " || e.key === "Enter";
  shutter.onkeydown = (e) => { if (pressing(e)) { e.preventDefault(); if (!e.repeat) begin(); } };
  shutter.onkeyup = (e) => { if (pressing(e)) { e.preventDefault(); end(); } };
  shutter.onblur = () => end();
  part("row").onclick = () => (s.press ? end() : begin(ROW));

  // Live: one frame at a time, the next only after its answer
  function pump() {
    clearTimeout(s.timer);
    if (s.data.mode !== "live" || s.still || !s.ready || document.hidden || s.gone) return;
    const now = performance.now();
    if (s.flying && now - s.sent < RESEND) { s.timer = setTimeout(pump, RESEND - (now - s.sent)); return; }
    const rest = LIVE - (now - s.sent);
    if (rest > 0) { s.timer = setTimeout(pump, rest); return; }
    frame();
  }
  function frame() {
    Object.assign(s, { flying: ++s.frame, sent: performance.now() });
    s.timer = setTimeout(pump, RESEND);
    s.tell("frame", { n: s.frame, still: s.still,
      url: grab(video, { shortest: s.data.shortest, mirrored: mirrored(), quality: 0.85 }) });
  }
  function answered(n) {
    if (!s.flying || n !== s.flying) return;
    s.flying = 0;
    root.dataset.answered = String(Number(root.dataset.answered || 0) + 1);
    root.dataset.took = String(Math.round(performance.now() - s.sent));
    pump();
  }
  part("pause").onclick = () => {
    s.still = !s.still;
    s.still ? video.pause() : video.play().catch(() => {});
    s.refresh();
    if (s.still) { clearTimeout(s.timer); if (s.ready) frame(); } else pump();
  };

  // Coming and going
  function seen() {
    clearTimeout(s.away);
    if (!document.hidden) { if (s.left) { s.left = false; useCamera(user); } pump(); return; }
    end();
    s.away = setTimeout(() => { s.left = true; s.ready = false; leaveCamera(user); }, HIDDEN);
  }
  function gone() { s.left = true; leaveCamera(user); }
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("pagehide", gone);
  s.refresh = () => {
    const live = s.data.mode === "live";
    root.classList.toggle("mirrored", part("mirror").value !== "off");
    part("shoot").hidden = part("row").hidden = live;
    part("shoot").disabled = part("row").disabled = !s.ready || s.data.locked;
    root.querySelector("small").textContent = s.press?.most === MOST ? "let go to stop" : "hold for a burst";
    part("row").textContent = s.press && s.press.most !== MOST ? "Stop" : `${ROW} in a row`;
    part("pause").hidden = !live;
    part("pause").disabled = !s.ready;
    part("pause").textContent = s.still ? "Go on" : "Hold still";
    part("pause").setAttribute("aria-pressed", String(s.still));
    const guide = part("guide"), ratio = s.data.guide, view = video.videoWidth / video.videoHeight;
    guide.hidden = !(ratio && s.ready);
    if (!guide.hidden) {
      guide.style.width = view > ratio ? `${(100 * ratio) / view}%` : "100%";
      guide.style.height = view > ratio ? "100%" : `${(100 * view) / ratio}%`;
    }
  };
  s.drawn = (data) => { receipt(data.receipt?.[0]); answered(data.answered); };
  s.start = () => {
    useCamera(user);
    if (box().queue.length) say(`${pictures(box().queue.length)} taken before, saving …`);
    send();
  };
  s.leave = () => {
    end(); s.gone = true;
    clearTimeout(s.timer); clearTimeout(s.away); clearTimeout(box().timer);
    box().flying = 0;
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("pagehide", gone);
    video.srcObject = null;
    leaveCamera(user);
    STATE.delete(root);
  };
  return s;
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".camera");
  const fresh = !STATE.has(root);
  if (fresh) STATE.set(root, setUp(root));
  const s = STATE.get(root);
  Object.assign(s, { data, tell: setStateValue, trigger: setTriggerValue });
  const part = (name) => root.querySelector("." + name);
  part("prompt").textContent = data.prompt || "";
  part("what").textContent = part("what").title = data.name || "";
  root.querySelector("video").setAttribute("aria-label", data.label);
  if (fresh) s.start();
  s.refresh();
  s.drawn(data);
  return s.leave;
}
