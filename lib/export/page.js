// SPDX-License-Identifier: MIT
// What the page shows; page_play.js follows it in the same script.
'use strict';
const $ = id => document.getElementById(id);
const data = JSON.parse($('notes').textContent);
const notes = data.notes, duration = notes.reduce((end, n) => Math.max(end, n.offset), Math.max(data.duration, 0.5));
const roll = $('roll'), wave = $('wave'), overview = $('overview'), tip = $('tip');
const clamp = (x, a, b) => Math.min(b, Math.max(a, x));
const NAMES = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'];
const keyName = p => { const k = Math.round(p); return NAMES[((k % 12) + 12) % 12] + (Math.floor(k / 12) - 1); };
const hertz = p => 440 * 2 ** ((p - 69) / 12);
const cents = n => Math.round((n.pitch - Math.round(n.pitch)) * 100);
const clock = (s, d = 1) => {
  const t = Math.round(Math.max(0, s) * 10 ** d), u = Math.floor(t / 10 ** d), z = v => String(v).padStart(2, '0');
  return (u >= 3600 ? Math.floor(u / 3600) + ':' + z(Math.floor(u / 60) % 60) : Math.floor(u / 60)) + ':' + z(u % 60) +
    (d ? '.' + String(t % 10 ** d).padStart(d, '0') : '');
};

// ---- what is shown -----------------------------------------------------
const LEFT = 46, AXIS = 22;
let low = 127, high = 0, longest = 0;
for (const n of notes) {
  low = Math.min(low, Math.round(n.pitch)); high = Math.max(high, Math.round(n.pitch));
  longest = Math.max(longest, n.offset - n.onset);
}
const sung = !notes.length ? '' : low === high ? keyName(low) : keyName(low) + ' to ' + keyName(high);
if (!notes.length) { low = 57; high = 69; }
low -= 2; high += 2;
while (high - low < 14) { high++; if (high - low < 14) low--; }
let start = 0, span = Math.min(duration, 20), at = 0, chosen = -1, range = null, loop = false, dirty = true, printing = false;
let colours = {};
const width = c => c.clientWidth - LEFT;
const x2t = x => start + (x - LEFT) / width(roll) * span;
const t2x = t => LEFT + (t - start) / span * width(roll);
const laneH = () => (roll.clientHeight - AXIS) / (high - low + 1);
const p2y = p => (high + 0.5 - p) * laneH();
const isDark = () => !printing && (document.documentElement.dataset.theme ||
  (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';

function setColours() {
  const d = isDark();
  colours = d ? { bg: '#12151c', black: '#0e1117', line: '#262d3a', ink: '#e8ecf4', soft: '#97a1b3', note: '#6ea4ff',
    edge: '#dbe8ff', on: '#0b1220', chosen: '#ffb454', cursor: '#ff6b6b', wave: '#7f8ca3', range: 'rgba(255,180,84,.18)' }
  : { bg: '#fff', black: '#f1f3f7', line: '#dde2ea', ink: '#1b2130', soft: '#667085', note: '#2f6fde',
    edge: '#123a85', on: '#fff', chosen: '#d97706', cursor: '#d92d20', wave: '#8a96ab', range: 'rgba(217,119,6,.15)' };
  const stops = d ? [[14, 17, 23], [38, 28, 84], [116, 36, 120], [214, 84, 92], [252, 196, 120]]
    : [[255, 255, 255], [232, 228, 244], [188, 172, 222], [128, 92, 176], [58, 24, 96]];
  colours.map = Array.from({ length: 256 }, (_, i) => {
    const x = i / 255 * 4, k = Math.min(3, Math.floor(x));
    return stops[k].map((v, c) => Math.round(v + (stops[k + 1][c] - v) * (x - k)));
  });
  tiles.clear(); dirty = true;
}

function setView(s, w) {
  span = clamp(w, Math.min(0.25, duration), duration);
  start = clamp(s, 0, duration - span);
  dirty = true;
}
function zoom(factor, t = (at >= start && at <= start + span) ? at : start + span / 2) {
  const f = (t - start) / span, w = clamp(span * factor, Math.min(0.25, duration), duration);
  setView(t - f * w, w);
}
function show(t) { if (t < start || t > start + span) setView(t - span * 0.1, span); }

// ---- the recording -----------------------------------------------------
const RATE = 16000;
let samples = null, peaks = null, player = null;
const PEAK = 256;
async function loadSound() {
  const el = $('sound');
  if (!el) { document.body.classList.add('nosound'); $('synth').checked = true; return; }
  const text = atob(el.textContent), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  el.textContent = '';
  player = new Audio(URL.createObjectURL(new Blob([bytes], { type: el.dataset.type })));
  player.preload = 'auto';
  player.addEventListener('ended', recordingEnds);
  player.addEventListener('pause', () => { if (playing && player.paused && !player.ended && isRecorded()) pause(); }); // a key of the keyboard, say
  player.addEventListener('error', () => say('This browser can not play the recording.'));
  try {
    const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes.buffer);
    samples = sound.getChannelData(0);
    peaks = new Float32Array(Math.ceil(samples.length / PEAK));
    for (let i = 0; i < samples.length; i++) {
      const v = Math.abs(samples[i]), k = i / PEAK | 0;
      if (v > peaks[k]) peaks[k] = v;
    }
    loudest = peaks.reduce((a, b) => Math.max(a, b), 1e-4);
  } catch (e) { say('This browser can not decode the recording; the notes are still here.'); }
  dirty = true;
}
let loudest = 1;

// ---- spectrogram: tiles of columns, made when they come into view --------
const SIZE = 2048, TILE = 128, tiles = new Map();
const hann = Float32Array.from({ length: SIZE }, (_, i) => 0.5 - 0.5 * Math.cos(2 * Math.PI * i / SIZE));
const cosines = Float32Array.from({ length: SIZE / 2 }, (_, i) => Math.cos(2 * Math.PI * i / SIZE));
const sines = Float32Array.from({ length: SIZE / 2 }, (_, i) => -Math.sin(2 * Math.PI * i / SIZE));
const swapped = new Uint16Array(SIZE);
for (let i = 1; i < SIZE; i++) swapped[i] = swapped[i >> 1] >> 1 | (i & 1 ? SIZE / 2 : 0);
const re = new Float32Array(SIZE), im = new Float32Array(SIZE), power = new Float32Array(SIZE / 2 + 1);
function spectrumAt(centre) {
  const from = centre - SIZE / 2;
  for (let i = 0; i < SIZE; i++) {
    const k = from + i;
    re[swapped[i]] = k >= 0 && k < samples.length ? samples[k] * hann[i] : 0;
    im[swapped[i]] = 0;
  }
  for (let n = 2; n <= SIZE; n *= 2) {
    const h = n / 2, step = SIZE / n;
    for (let b = 0; b < SIZE; b += n)
      for (let k = 0; k < h; k++) {
        const c = cosines[k * step], s = sines[k * step], p = b + k, q = p + h;
        const xr = re[q] * c - im[q] * s, xi = re[q] * s + im[q] * c;
        re[q] = re[p] - xr; im[q] = im[p] - xi; re[p] += xr; im[p] += xi;
      }
  }
  for (let k = 0; k <= SIZE / 2; k++) power[k] = re[k] * re[k] + im[k] * im[k];
}
const ROWS = 3; // of a semitone
function makeTile(hop, index) {
  const rows = (high - low + 1) * ROWS, c = document.createElement('canvas');
  c.width = TILE; c.height = rows;
  const g = c.getContext('2d'), image = g.createImageData(TILE, rows), top = 20 * Math.log10(loudest * SIZE / 4);
  for (let x = 0; x < TILE; x++) {
    spectrumAt(Math.round((index * TILE + x + 0.5) * hop));
    for (let y = 0; y < rows; y++) {
      const pitch = high + 0.5 - (y + 0.5) / ROWS, bin = hertz(pitch) * SIZE / RATE, k = Math.floor(bin), f = bin - k;
      const v = k < SIZE / 2 ? power[k] * (1 - f) + power[k + 1] * f : 0;
      const db = 10 * Math.log10(v + 1e-12) - top;
      const rgb = colours.map[clamp(Math.round((db + 58) / 55 * 255), 0, 255)], o = 4 * (y * TILE + x);
      image.data[o] = rgb[0]; image.data[o + 1] = rgb[1]; image.data[o + 2] = rgb[2]; image.data[o + 3] = 255;
    }
  }
  g.putImageData(image, 0, 0);
  return c;
}
function drawSpectrogram(g, h) {
  const perPixel = span * RATE / width(roll) * 1.5;
  const hop = 2 ** clamp(Math.round(Math.log2(perPixel)), 5, 16), deadline = performance.now() + 12;
  const first = Math.floor(start * RATE / hop / TILE), last = Math.floor((start + span) * RATE / hop / TILE);
  g.imageSmoothingEnabled = true;
  for (let i = first; i <= last; i++) {
    const key = hop + ':' + i;
    let tile = tiles.get(key);
    if (!tile) {
      if (!printing && performance.now() > deadline) { dirty = true; continue; }
      tile = makeTile(hop, i);
      if (tiles.size > 400) tiles.delete(tiles.keys().next().value);
      tiles.set(key, tile);
    }
    const x = t2x(i * TILE * hop / RATE), z = t2x((i + 1) * TILE * hop / RATE);
    g.drawImage(tile, x, 0, z - x + 0.5, h);
  }
}

// ---- drawing -----------------------------------------------------------
function context(canvas) {
  const r = devicePixelRatio || 1, w = Math.round(canvas.clientWidth * r), h = Math.round(canvas.clientHeight * r);
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const g = canvas.getContext('2d');
  g.setTransform(r, 0, 0, r, 0, 0);
  g.fillStyle = colours.bg; g.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return g;
}
// Index of the first note that may reach past t.
function firstAfter(t) {
  let a = 0, b = notes.length;
  while (a < b) { const m = (a + b) >> 1; if (notes[m].onset < t - longest) a = m + 1; else b = m; }
  return a;
}
const black = k => [1, 3, 6, 8, 10].includes(((k % 12) + 12) % 12);
function drawLanes(g, w, h) {
  const lane = laneH();
  for (let k = low; k <= high; k++) {
    if (black(k)) { g.fillStyle = colours.black; g.fillRect(LEFT, p2y(k + 0.5), w - LEFT, lane); }
  }
}
function drawGrid(g, w, h) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 36000];
  const step = steps.find(s => s / span * (w - LEFT) >= 70) || 36000;
  g.strokeStyle = colours.line; g.fillStyle = colours.soft; g.lineWidth = 1; g.textAlign = 'center'; g.textBaseline = 'middle';
  g.font = '12px system-ui, sans-serif';
  for (let i = Math.ceil(start / step - 1e-9); i * step <= start + span; i++) {
    const x = t2x(i * step);
    g.globalAlpha = 0.6; g.beginPath(); g.moveTo(x, 0); g.lineTo(x, h); g.stroke(); g.globalAlpha = 1;
    g.fillText(clock(i * step, step < 1 ? 1 : 0), clamp(x, LEFT + 16, w - 18), h + AXIS / 2);
  }
}
function drawKeys(g, h) {
  const lane = laneH();
  g.textAlign = 'right'; g.textBaseline = 'middle'; g.fillStyle = colours.bg; g.fillRect(0, 0, LEFT, h + AXIS);
  for (let k = low; k <= high; k++) {
    const c = ((k % 12) + 12) % 12 === 0, y = p2y(k + 0.5);
    if (black(k)) { g.fillStyle = colours.black; g.fillRect(0, y, LEFT, lane); }
    g.strokeStyle = colours.line; g.lineWidth = 0.5; g.strokeRect(-1, y, LEFT + 1, lane);
    if (c || lane >= 12) {
      g.font = (c ? '600 ' : '') + clamp(lane * 0.75, 9, 12) + 'px system-ui, sans-serif';
      g.fillStyle = c ? colours.ink : colours.soft;
      g.fillText(keyName(k), LEFT - 7, p2y(k) + 0.5);
    }
  }
}
function drawNotes(g, w) {
  const lane = laneH(), size = clamp(lane * 0.72, 9, 13), over = samples && $('spectrum').checked;
  g.textAlign = 'left'; g.textBaseline = 'middle'; g.font = '600 ' + size + 'px system-ui, sans-serif';
  for (let i = firstAfter(start); i < notes.length && notes[i].onset <= start + span; i++) {
    const n = notes[i];
    if (n.offset < start) continue;
    const x = t2x(n.onset), wide = Math.max(2, t2x(n.offset) - x), y = p2y(n.pitch) - lane * 0.44, tall = lane * 0.88;
    const sounding = playing && at >= n.onset && at < n.offset;
    g.globalAlpha = (n.confidence ? 0.6 + 0.4 * n.confidence : 1) * (over ? 0.88 : 1);
    g.fillStyle = i === chosen ? colours.chosen : sounding ? colours.cursor : colours.note;
    g.beginPath(); g.roundRect(x, y, wide, tall, Math.min(4, wide / 2, tall / 2)); g.fill();
    g.globalAlpha = 1;
    g.strokeStyle = i === chosen ? colours.ink : colours.edge; g.lineWidth = i === chosen ? 2 : 1;
    if (wide > 3) g.stroke();
    const left = Math.max(x, LEFT);
    const name = keyName(n.pitch);
    if (x + wide - left > name.length * size * 0.7 + 8 && lane > 8) {
      g.fillStyle = colours.on; g.fillText(name, left + 4, p2y(n.pitch) + 0.5);
    }
  }
}
function drawRange(g, h, toX, w) {
  if (!range) return;
  const a = clamp(toX(range[0]), LEFT, w), z = clamp(toX(range[1]), LEFT, w);
  g.fillStyle = colours.range; g.fillRect(a, 0, z - a, h);
  g.fillStyle = colours.chosen; g.fillRect(a, 0, loop ? 2 : 1, h); g.fillRect(z - 1, 0, loop ? 2 : 1, h);
}
function drawCursor(g, h, x, w) {
  if (x < LEFT - 0.5 || x > w) return;
  g.fillStyle = colours.cursor; g.fillRect(x - 0.75, 0, 1.5, h);
}
function drawWave(g, w, h, a, length, half) {
  if (!peaks) return;
  g.fillStyle = colours.wave;
  const per = length / (w - LEFT);
  for (let x = LEFT; x < w; x++) {
    const t = a + (x - LEFT) * per;
    let v = 0;
    if (per * RATE >= PEAK)
      for (let k = Math.floor(t * RATE / PEAK), e = (t + per) * RATE / PEAK; k < e && k < peaks.length; k++) v = Math.max(v, peaks[k]);
    else
      for (let k = Math.floor(t * RATE), e = Math.max(k + 1, (t + per) * RATE); k < e && k < samples.length; k++) v = Math.max(v, Math.abs(samples[k]));
    const y = v / loudest * half;
    g.fillRect(x, h / 2 - y, 1, Math.max(1, 2 * y));
  }
}
function drawOverview() {
  const g = context(overview), w = overview.clientWidth, h = overview.clientHeight;
  const toX = t => LEFT + t / duration * (w - LEFT);
  g.globalAlpha = 0.45; drawWave(g, w, h, 0, duration, h / 2 - 3); g.globalAlpha = 1;
  g.fillStyle = colours.note;
  let lastX = -9, lastY = -9;
  for (const n of notes) {
    const x = toX(n.onset), y = 4 + (high - n.pitch) / (high - low) * (h - 10);
    if (x - lastX < 0.5 && Math.abs(y - lastY) < 1) continue;
    g.fillRect(x, y, Math.max(1, toX(n.offset) - x), 2.5);
    lastX = x; lastY = y;
  }
  g.fillStyle = colours.bg; g.globalAlpha = 0.6;
  g.fillRect(LEFT, 0, toX(start) - LEFT, h); g.fillRect(toX(start + span), 0, w, h);
  g.globalAlpha = 1; g.strokeStyle = colours.note; g.lineWidth = 1.5;
  g.strokeRect(toX(start) + 0.75, 0.75, Math.max(3, toX(start + span) - toX(start) - 1.5), h - 1.5);
  drawRange(g, h, toX, w); drawCursor(g, h, toX(at), w);
}
function draw() {
  const w = roll.clientWidth, h = roll.clientHeight - AXIS;
  if (w < LEFT + 10) return;
  drawOverview();
  if (samples) {
    const g = context(wave);
    drawWave(g, w, wave.clientHeight, start, span, wave.clientHeight / 2 - 3);
    drawRange(g, wave.clientHeight, t2x, w); drawCursor(g, wave.clientHeight, t2x(at), w);
  }
  const g = context(roll);
  if (samples && $('spectrum').checked) drawSpectrogram(g, h); else drawLanes(g, w, h);
  g.fillStyle = colours.bg; g.fillRect(0, h, w, AXIS);
  drawGrid(g, w, h); drawNotes(g, w); drawRange(g, h, t2x, w); drawKeys(g, h); drawCursor(g, h, t2x(at), w);
}
