# SPDX-License-Identifier: MIT
"""The written page in a browser."""
import pytest

import avsvt
import chromium

DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if chromium.program() is None:
        pytest.skip("left out: Chromium is not installed")
    made = chromium.Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture
def page(browser, tmp_path, melody):
    """A function that opens a page of notes every quarter of a second."""
    onset = [0.25 * i for i in range(80)]

    def show(**options):
        path = tmp_path / "page.html"
        avsvt.Notes(onset, [t + 0.2 for t in onset], [60 + i % 12 for i in range(80)]).write(
            path, **options)
        opened = browser.page(path.as_uri())
        opened.run("new Promise(done => document.readyState === 'complete' ? done() : "
                   "addEventListener('load', done))")
        return opened

    return show


@pytest.fixture
def phone(page, melody):
    made = page(audio=melody)
    made.call("Emulation.setDeviceMetricsOverride", width=390, height=600,
              deviceScaleFactor=2, mobile=True)
    made.call("Emulation.setTouchEmulationEnabled", enabled=True)
    made.run("$('listbox').open = true, " + DRAWN)
    return made


def state(page):
    return page.run("[start, span, at, range]")


@pytest.mark.parametrize("canvas", ["roll", "wave", "overview"])
def test_a_finger_scrolls_the_page_over_its_pictures(phone, canvas):
    phone.run("setView(3, 5); seek(4); scrollTo(0, 0)")
    before = state(phone)
    x, y = phone.run(f"(r => [r.left + r.width * 0.6, Math.min(r.top + r.height / 2, 500)])"
                     f"($('{canvas}').getBoundingClientRect())")
    phone.finger(*((x + i / 4, y - 20 * i) for i in range(10)))
    phone.run(DRAWN)
    assert phone.run("scrollY") > 50
    assert state(phone) == before


def test_a_finger_moves_the_roll_and_selects_in_the_waveform(phone):
    places = phone.run("['roll', 'wave'].map(id => $(id).getBoundingClientRect()).map("
                       "r => [r.left + r.width * 0.6, Math.min(r.top + r.height / 2, 500)])")
    phone.run("setView(3, 5)")
    for x, y in places:
        phone.finger(*((x - 10 * i, y + i / 4) for i in range(10)))
    start, _, _, selected = state(phone)
    assert start > 3.5 and selected[1] - selected[0] > 0.5
    assert phone.run("scrollY") == 0


SPY = """(() => {  // calls wait for a number of notes that were given their time
  window.tones = 0;
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    tones++; dispatchEvent(new Event('tone')); return make.call(this);
  };
  window.more = count => new Promise(done => {
    const goal = tones + count, look = () => {
      if (tones < goal) return;
      removeEventListener('tone', look); done(document.visibilityState);
    };
    addEventListener('tone', look);
  });
})()"""
HIDDEN = ("new Promise(done => document.hidden ? done() : "
          "addEventListener('visibilitychange', done))")


def test_notes_go_on_sounding_in_a_hidden_tab(page, browser):
    shown = page()
    shown.run(SPY)
    shown.run("play()")
    assert shown.run("more(2)") == "visible"
    browser.page("about:blank").call("Page.bringToFront")
    shown.run(HIDDEN)
    assert shown.run("more(4)") == "hidden"
    shown.run("range = [0.5, 1]; setLoop(true)")  # it is behind this
    shown.run("more(4)")
    assert shown.run("document.hidden && playing && at < 1.5")


def test_notes_whose_time_has_passed_do_not_sound_all_at_once(page):
    shown = page()
    shown.run(SPY)
    shown.run("play(), nextNote = 0, at = 10, schedule(), playing && pause()")
    assert shown.run("tones") <= 4  # two at the start, two of second 10


def test_a_page_that_slept_goes_on_where_it_stopped(page):
    shown = page()
    shown.run("play(), began -= 5e3, stepped -= 5e3, step()")  # as after five seconds
    assert shown.run("at") < 4
