// SPDX-License-Identifier: MIT
// What the page does: playback, notes, pointer and keys. After page.js.
// ---- playback ----------------------------------------------------------
const AHEAD = 0.3, WAKE = 0.1; // seconds
let playing = false, audio = null, voices = [], nextNote = 0, began = 0, beganAt = 0, stepped = 0, waking = false;
const speed = () => +$('speed').value;
function sound() {
  if (!audio) audio = new AudioContext();
  if (audio.state !== 'running') audio.resume().catch(() => {});
  return audio;
}
function tone(n, when, seconds) {
  const c = sound(), o = c.createOscillator(), g = c.createGain(), end = when + Math.max(0.05, seconds);
  const loud = n.level_db ? clamp(0.3 * 10 ** ((n.level_db + 20) / 40), 0.05, 0.4) : 0.25;
  o.type = 'triangle'; o.frequency.value = hertz(n.pitch);
  g.gain.setValueAtTime(0, when); g.gain.linearRampToValueAtTime(loud, when + 0.012);
  g.gain.setValueAtTime(loud, Math.max(when + 0.012, end - 0.02)); g.gain.linearRampToValueAtTime(0, end + 0.02);
  o.connect(g).connect(c.destination); o.start(when); o.stop(end + 0.03);
  voices.push(o); o.onended = () => { voices = voices.filter(v => v !== o); };
}
function silence() { for (const o of voices) { try { o.stop(); } catch (e) { /* has ended */ } } voices = []; }
function restart() { // of the clock and of the notes that are to sound, from `at`
  silence();
  began = stepped = performance.now(); beganAt = at;
  nextNote = firstAfter(at);
  while (nextNote < notes.length && notes[nextNote].onset < at - 0.03) nextNote++;
}
const isRecorded = () => at < (player.duration || duration); // notes may go on after the sound
function record() {
  if (!player) return;
  if (!isRecorded()) { player.pause(); return; }
  player.currentTime = at; player.playbackRate = speed(); player.muted = !$('voice').checked; player.play().catch(() => {});
}
function recordingEnds() { // perhaps between two pictures, or with none drawn at all
  if (!playing || !player.ended) return;
  at = Math.max(at, player.duration);
  if (loop && range && range[1] <= at + 0.05) seek(range[0]);
  else if (at < duration - 0.02) restart();
  else { at = duration; pause(); clockText(); }
}
function play() {
  if (at >= duration - 0.01) at = 0;
  if (loop && range && (at < range[0] || at >= range[1])) at = range[0];
  playing = true; sound(); record(); restart(); wake(); buttons();
}
function pause() { playing = false; if (player) player.pause(); silence(); buttons(); }
function seek(t) {
  at = clamp(t, 0, duration);
  if (playing) { record(); restart(); }
  else if (player) player.currentTime = Math.min(at, player.duration || at);
  show(at); dirty = true; clockText();
}
function now() {
  if (player && !player.paused && !player.ended && player.readyState > 2) return player.currentTime;
  if (player && playing && !player.ended && at < (player.duration || 0) - 0.1) return at;
  return Math.min(duration, beganAt + (performance.now() - began) / 1000 * speed());
}
function schedule() {
  if (!$('synth').checked || !audio) { while (nextNote < notes.length && notes[nextNote].onset < at) nextNote++; return; }
  const end = Math.min(at + AHEAD * speed(), loop && range ? range[1] : duration);
  for (; nextNote < notes.length && notes[nextNote].onset < end; nextNote++) {
    const n = notes[nextNote];
    if (n.onset >= at - WAKE) tone(n, audio.currentTime + Math.max(0, n.onset - at) / speed(), (n.offset - n.onset) / speed());
  }
}
function step() {
  const t = performance.now();
  if (t - stepped > 1000) began += t - stepped; // the page slept, and nothing sounded
  stepped = t; at = now();
  if (loop && range && at >= range[1]) seek(range[0]);
  else if (at >= duration) { at = duration; pause(); }
  schedule(); clockText();
}
function wake() { // by the clock of what sounds: in a hidden page pictures don't come, and timers late
  if (!playing || waking) return;
  const c = sound(), s = c.createConstantSource();
  waking = true;
  s.offset.value = 0; s.connect(c.destination);
  s.onended = () => { waking = false; if (playing) step(); wake(); };
  s.start(); s.stop(c.currentTime + (loop && range ? clamp((range[1] - at) / speed(), 0.01, WAKE) : WAKE));
}
document.addEventListener('visibilitychange', () => { if (playing && !document.hidden) sound(); }); // phones interrupt it
function tick() {
  if (playing) {
    step();
    if ($('follow').checked && !drag && (at > start + span * 0.92 || at < start)) setView(at - span * 0.08, span);
    dirty = true;
  }
  if (dirty) { dirty = false; draw(); }
  requestAnimationFrame(tick);
}
function clockText() { $('clock').textContent = clock(at) + ' / ' + clock(duration); }
function buttons() {
  $('play').setAttribute('aria-label', playing ? 'Pause' : 'Play');
  $('playicon').setAttribute('d', playing ? 'M6.5 4.5h4v15h-4zM13.5 4.5h4v15h-4z' : 'M7 4.5v15l12.5-7.5z');
  $('loop').setAttribute('aria-pressed', loop); dirty = true;
}
let shown = null; // the range that nobody selected, which goes with the loop
function setLoop(on) {
  loop = on;
  if (on && !range) range = shown = [start, start + span];
  if (!on && range === shown) range = null;
  buttons(); say(on ? 'Loop from ' + clock(range[0]) + ' to ' + clock(range[1]) : 'Loop off');
}

// ---- notes -------------------------------------------------------------
function say(text) { $('live').textContent = ''; setTimeout(() => { $('live').textContent = text; }, 30); }
function describe(n) {
  const c = cents(n);
  return keyName(n.pitch) + (c ? ' ' + (c > 0 ? '+' : '−') + Math.abs(c) + ' cents' : '') + ', ' + clock(n.onset, 2) + '–' +
    clock(n.offset, 2) + (n.level_db ? ', ' + n.level_db.toFixed(1) + ' dB' : '');
}
function choose(i, hear) {
  if (!notes.length) return;
  chosen = clamp(i, 0, notes.length - 1);
  const n = notes[chosen];
  seek(n.onset); say(describe(n)); mark();
  if (hear && !playing) { silence(); tone(n, sound().currentTime + 0.01, Math.min(2, n.offset - n.onset)); }
}
function noteAt(x, y) {
  if (x < LEFT) return -1;
  const t = x2t(x), slack = 3 / width(roll) * span, half = Math.max(0.5, 7 / laneH());
  for (let i = firstAfter(t - slack); i < notes.length && notes[i].onset <= t + slack; i++)
    if (notes[i].offset >= t - slack && Math.abs(p2y(notes[i].pitch) - y) <= half * laneH()) return i;
  return -1;
}
function mark() {
  const old = document.querySelector('tr.now'), row = $('list').tBodies[0].rows[chosen];
  if (old) old.classList.remove('now');
  if (row) row.classList.add('now');
}
let listed = 0;
function listNotes(count) { // rows come in portions: a long list must not stop the page
  const body = $('list').tBodies[0], part = document.createDocumentFragment(), end = Math.min(notes.length, listed + count);
  for (; listed < end; listed++) {
    const n = notes[listed], row = document.createElement('tr'), b = document.createElement('button'), i = listed;
    b.textContent = keyName(n.pitch); b.setAttribute('aria-label', 'Hear ' + describe(n)); b.onclick = () => choose(i, true);
    for (const v of [i + 1, b, clock(n.onset, 2), clock(n.offset, 2), (n.offset - n.onset).toFixed(2) + ' s', cents(n),
      n.level_db ? n.level_db.toFixed(1) + ' dB' : '–']) row.insertCell().append(v);
    part.append(row);
  }
  body.append(part);
  if (listed < notes.length && $('listbox').open) requestAnimationFrame(() => listNotes(500));
}

// ---- pointer and keys ----------------------------------------------------
const fingers = new Map();
let drag = null;
function select(a, b) { range = [clamp(Math.min(a, b), 0, duration), clamp(Math.max(a, b), 0, duration)]; dirty = true; }
function pinch() {
  const [a, b] = [...fingers.values()], gap = Math.max(20, Math.abs(a - b)), middle = (a + b) / 2;
  if (drag && drag.kind === 'pinch') {
    const w = clamp(drag.span * drag.gap / gap, Math.min(0.25, duration), duration);
    setView(drag.t - (middle - LEFT) / width(roll) * w, w);
  } else drag = { kind: 'pinch', gap, span, t: x2t(middle), moved: true };
}
for (const canvas of [roll, wave, overview]) {
  const time = x => canvas === overview ? (x - LEFT) / width(overview) * duration : x2t(x);
  canvas.addEventListener('pointerdown', e => {
    if (e.button) return;
    canvas.setPointerCapture(e.pointerId); fingers.set(e.pointerId, e.offsetX);
    if (canvas === roll) roll.focus({ preventScroll: true });
    if (fingers.size === 2 && canvas !== overview) { pinch(); return; }
    drag = { kind: canvas === overview ? 'view' : canvas === wave || e.shiftKey ? 'select' : 'pan',
      x: e.offsetX, y: e.offsetY, t: time(e.offsetX), start, span, range, moved: false };
    if (drag.kind === 'view' && e.pointerType === 'mouse') setView(drag.t - span / 2, span);
  });
  canvas.addEventListener('pointermove', e => {
    if (fingers.has(e.pointerId)) fingers.set(e.pointerId, e.offsetX);
    if (fingers.size === 2 && drag) { pinch(); return; }
    if (!drag) { if (canvas === roll) hover(e); return; }
    if (!drag.moved && Math.abs(e.offsetX - drag.x) < 4) return;
    drag.moved = true; tip.hidden = true;
    if (drag.kind === 'pan') setView(drag.start - (e.offsetX - drag.x) / width(roll) * span, span);
    else if (drag.kind === 'select') select(drag.t, time(e.offsetX));
    else if (drag.kind === 'view') setView(time(e.offsetX) - span / 2, span);
  });
  const up = e => {
    fingers.delete(e.pointerId);
    const d = drag;
    if (fingers.size) return;
    drag = null;
    if (range && !(range[1] > range[0])) range = null; // drawn beside the sound
    if (e.type === 'pointercancel' && d && d.kind !== 'pinch') { range = d.range; setView(d.start, d.span); } // the finger scrolls the page
    if (!d || d.moved || e.type === 'pointercancel') return;
    if (d.kind === 'view') setView(d.t - span / 2, span);
    const i = canvas === roll ? noteAt(d.x, d.y) : -1;
    if (i >= 0) choose(i, true);
    else if (d.x >= LEFT) seek(d.t);
  };
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('wheel', e => {
    const unit = e.deltaMode === 1 ? 30 : e.deltaMode === 2 ? 400 : 1;
    e.preventDefault();
    if (e.ctrlKey || e.metaKey) zoom(Math.exp(clamp(e.deltaY * unit, -200, 200) / 250), canvas === overview ? undefined : x2t(e.offsetX));
    else setView(start + (e.deltaX + e.deltaY) * unit / width(roll) * span, span);
  }, { passive: false });
}
function hover(e) {
  const i = noteAt(e.offsetX, e.offsetY);
  roll.classList.toggle('on', i >= 0);
  tip.hidden = e.offsetX < LEFT;
  const p = high + 0.5 - e.offsetY / laneH();
  tip.textContent = i >= 0 ? describe(notes[i]) : clock(x2t(e.offsetX), 2) + ' · ' + keyName(p) + ' · ' + hertz(Math.round(p)).toFixed(1) + ' Hz';
  tip.style.left = clamp(e.offsetX + 14, 0, roll.clientWidth - tip.offsetWidth - 4) + 'px';
  tip.style.top = clamp(roll.offsetTop + e.offsetY - 34, 0, 9999) + 'px';
}
roll.addEventListener('pointerleave', () => { tip.hidden = true; });
function stepNote(by) {
  if (chosen >= 0) { choose(chosen + by, true); return; }
  let i = notes.findIndex(n => n.onset >= at - 1e-6);
  if (i < 0) i = notes.length;
  choose(by > 0 ? i : i - 1, true);
}
const keys = {
  ' ': () => playing ? pause() : play(), k: () => playing ? pause() : play(),
  ArrowLeft: e => { chosen = -1; seek(at - (e.shiftKey ? 0.1 : 1)); },
  ArrowRight: e => { chosen = -1; seek(at + (e.shiftKey ? 0.1 : 1)); },
  ArrowUp: () => stepNote(-1), ArrowDown: () => stepNote(1), Enter: () => choose(Math.max(0, chosen), true),
  '+': () => zoom(1 / 1.5), '=': () => zoom(1 / 1.5), '-': () => zoom(1.5), '0': () => setView(0, duration),
  Home: () => seek(0), End: () => seek(duration), l: () => setLoop(!loop), L: () => setLoop(!loop),
  s: () => $('synth').click(), S: () => $('synth').click(),
  Escape: () => { range = null; chosen = -1; if (loop) setLoop(false); mark(); dirty = true; },
};
addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
  const el = e.target, name = el.tagName, tall = el.closest && el.closest('.scroll');
  if (name === 'SELECT' || ((name === 'BUTTON' || name === 'INPUT' || name === 'SUMMARY') && (e.key === ' ' || e.key === 'Enter'))) return;
  if (e.key === 'Enter' && el !== roll) return;
  if (tall && /^(Arrow|Home|End)/.test(e.key)) return;
  if (el !== roll && el !== document.body && /^(ArrowUp|ArrowDown|Home|End)$/.test(e.key)) return;
  const action = keys[e.key];
  if (action) { e.preventDefault(); action(e); }
});
$('play').onclick = keys[' ']; $('start').onclick = keys.Home; $('loop').onclick = keys.l;
$('zoomin').onclick = keys['+']; $('zoomout').onclick = keys['-']; $('fit').onclick = keys['0'];
$('theme').onclick = () => { document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'; setColours(); };
$('speed').onchange = () => { if (player) player.playbackRate = speed(); if (playing) restart(); };
$('voice').onchange = () => { if (player) player.muted = !$('voice').checked; };
$('synth').onchange = () => { if (playing) restart(); };
$('spectrum').onchange = () => { dirty = true; };
$('listbox').addEventListener('toggle', () => { if ($('listbox').open) listNotes(500); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', setColours);
const root = document.documentElement.dataset;
let onScreen;
addEventListener('beforeprint', () => {
  if (!printing) onScreen = { theme: root.theme, list: $('listbox').open, start, span };
  printing = true; root.theme = 'light'; $('listbox').open = notes.length <= 1000; if ($('listbox').open) listNotes(1000);
  setView(0, duration); setColours(); draw();
});
addEventListener('afterprint', () => {
  printing = false;
  if (onScreen.theme) root.theme = onScreen.theme; else delete root.theme;
  $('listbox').open = onScreen.list;
  setView(onScreen.start, onScreen.span); setColours();
});
new ResizeObserver(() => { dirty = true; }).observe($('view'));

$('summary').textContent = notes.length + (notes.length === 1 ? ' note' : ' notes') + (sung ? ' · ' + sung : '') + ' · ' + clock(duration, 0);
if (listed === 0 && notes.length <= 500) listNotes(500);
setColours(); clockText(); loadSound(); tick();
