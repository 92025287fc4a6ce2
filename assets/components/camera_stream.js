// One camera stream for the whole page, however many elements show it. Whoever lets go last turns
// the camera's light off. Kept on the window: each element may load this file by itself.
const HUB = Symbol.for("odt.camera");
const CHOICE = "odt.camera";  // the chosen camera, remembered by this browser alone

function hub() {
  return (window[HUB] ??= { users: new Set(), stream: null, cameras: [], starting: false, turn: 0 });
}
function remembered() {
  try { return localStorage.getItem(CHOICE) || ""; } catch { return ""; }
}
function remember(id) {
  try { id ? localStorage.setItem(CHOICE, id) : localStorage.removeItem(CHOICE); } catch { /* private window */ }
}
function dark(stream) { stream?.getTracks().forEach((track) => { track.onended = null; track.stop(); }); }

// Why there is no picture, as a word that camera.js has a sentence for.
function why(error) {
  const said = String(error?.message || "").toLowerCase();
  switch (error?.name) {
    case "NotAllowedError": case "SecurityError": case "PermissionDeniedError":
      return said.includes("system") ? "system" : said.includes("dismissed") ? "dismissed" : "denied";
    case "NotFoundError": case "DevicesNotFoundError": case "OverconstrainedError": return "none";
    case "NotReadableError": case "TrackStartError": case "AbortError": return "busy";
    default: return "other";
  }
}

async function open(id) {
  const size = { width: { ideal: 640 }, height: { ideal: 480 } };
  const ask = (which) => navigator.mediaDevices.getUserMedia({ audio: false, video: { ...size, ...which } });
  if (id) {
    try { return await ask({ deviceId: { exact: id } }); } catch (error) {
      if (why(error) !== "none") throw error;
      remember("");  // it was unplugged since: take any
    }
  }
  return ask({ facingMode: { ideal: "environment" } });
}

async function startCamera() {
  const h = hub();
  const turn = ++h.turn;
  if (!navigator.mediaDevices?.getUserMedia) { h.users.forEach((user) => user.fail("insecure")); return; }
  h.starting = true;
  h.users.forEach((user) => user.wait());
  let stream;
  try { stream = await open(remembered()); } catch (error) {
    if (turn !== h.turn) return;
    h.starting = false;
    h.users.forEach((user) => user.fail(why(error), error?.message));
    return;
  }
  if (turn !== h.turn || !h.users.size) { dark(stream); return; }  // nobody waits for it any more
  const track = stream.getVideoTracks()[0];
  track.onended = () => { stopCamera(); h.users.forEach((user) => user.fail("gone")); };
  Object.assign(h, { stream, starting: false });
  h.users.forEach((user) => user.show(stream));
  listCameras();
}

async function listCameras() {
  const h = hub();
  const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  h.cameras = all.filter((device) => device.kind === "videoinput");
  h.users.forEach((user) => user.list(h.cameras, h.stream?.getVideoTracks()[0]?.getSettings().deviceId));
}

function stopCamera() {
  const h = hub();
  h.turn += 1;
  dark(h.stream);
  Object.assign(h, { stream: null, starting: false });
}

// user: { wait(), show(stream), fail(word, message), list(cameras, id) }
function useCamera(user) {
  const h = hub();
  h.users.add(user);
  if (navigator.mediaDevices) navigator.mediaDevices.ondevicechange = listCameras;
  if (h.stream) { user.show(h.stream); listCameras(); }
  else if (h.starting) user.wait();
  else startCamera();
}
function leaveCamera(user) {
  const h = hub();
  h.users.delete(user);
  if (!h.users.size) stopCamera();
}
function chooseCamera(id) {
  remember(id);
  stopCamera();
  startCamera();
}
