"""The page of `spikelearn view` in a real browser: Chromium without a window."""

import shutil
import time

import pytest
from view_messages import recorded_run, small_network

import spikelearn as sl
from spikelearn.cli import main
from spikelearn.viewer.one_file import ORDER, page
from spikelearn.viewer.recorded import RecordedRun
from spikelearn.viewer.server import page_files
from spikelearn.viewer.shown import network_of_model, serve

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright for Python is not installed")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")
SECONDS = 20_000


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as made:
        found = made.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def tab(browser):
    """A page whose errors, and what its policy refuses, fail the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, reduced_motion="reduce")
    made = context.new_page()
    made.set_default_timeout(SECONDS)
    problems = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield made
    context.close()
    assert not problems


def until(tab, condition):
    """Wait until an expression of the page's state, `s`, is true; returns its value."""
    return tab.wait_for_function(f"() => {{ const s = globalThis.spikelearnView; return s && ({condition}); }}",
                                 timeout=SECONDS).json_value()  # fmt: skip


def choose(tab, key):
    tab.locator(f'g[data-key="{key}"]').focus()
    tab.keyboard.press("Enter")


def inked(tab, canvas):
    """How many pixels of a canvas are not empty."""
    return tab.evaluate(
        "id => { const c = document.getElementById(id); const all = c.getContext('2d').getImageData(0, 0, c.width,"
        "c.height); const d = all.data; let n = 0; for (let k = 3; k < d.length; k += 4) n += d[k] > 0; return n; }",
        canvas,
    )  # fmt: skip


MODEL = '''"""A model to look at."""

import spikelearn as sl


def simulate(rate: float = 20.0, seed: int = 1):
    net = sl.Network(seed=seed)
    inputs = net.population(50, sl.Poisson(rate), name="inputs")
    cells = net.population(40, sl.LIF(), name="cells")
    net.connect(inputs, cells, weight=100, delay=1.5, name="onwards")
    net.record(cells)
    return net.run(200)
'''


@in_browser
def test_a_model_a_slider_and_a_lesion(tab, tmp_path):
    path = tmp_path / "looked_at.py"
    path.write_text(MODEL)
    experiment = sl.experiments.load_experiment(path)
    net, trials = network_of_model(experiment, sl.experiments.set_parameters(experiment, {"rate": "30"}, False), 1)
    assert trials is None and net.time == 0
    with serve(net, experiment.name) as viewing:
        tab.goto(viewing.url)
        slow = until(tab, "s.network.now > 600 && s.rates.cells > 0 && s.rates")
        assert "looked_at" in tab.title()
        assert slow["inputs"] == pytest.approx(30, rel=0.3)
        assert inked(tab, "raster") > 500 and inked(tab, "rates") > 500

        choose(tab, "population:inputs")
        slider = tab.locator('.value input[type="range"]').first
        slider.fill("60")
        until(tab, "s.rates.inputs > 50")
        assert net.get(net.populations["inputs"], "rate") == 60
        fast = until(tab, f"s.rates.cells > 1.5 * {slow['cells']} && s.rates")

        choose(tab, "projection:onwards")
        tab.get_by_role("button", name="Lesion").click()
        until(tab, "s.rates.cells === 0")
        assert fast["cells"] > 0 and net.switched_off == (net.projections["onwards"],)
        assert tab.locator("#graph-note").text_content() == "1 off"
        tab.get_by_role("button", name="Undo").click()
        until(tab, "s.rates.cells > 0")


def standing(viewing):
    """When a network that is paused stands: a piece that it was in, or steps that are left, may end after the pause."""
    running = viewing._live.running
    while running.steps_left:
        time.sleep(0.01)
    return running.do(lambda: running.net.time)


@in_browser
def test_pause_step_speed_cells_and_recording_with_the_keyboard_and_the_pointer(tab, tmp_path):
    with serve(small_network(), "small") as viewing:
        tab.goto(viewing.url)
        until(tab, "s.network.now > 50")
        tab.locator("#raster").focus()
        tab.keyboard.press(" ")
        until(tab, "s.network.paused")
        now = standing(viewing)
        tab.keyboard.press(".")
        assert until(tab, f"s.network.now > {now} + 9.8 && s.network.now") == pytest.approx(now + 10, abs=0.11)
        assert standing(viewing) == pytest.approx(now + 10, abs=0.01)
        tab.keyboard.press("-")
        until(tab, "s.span === 2000")
        tab.keyboard.press("ArrowLeft")
        until(tab, "!s.follow && s.window")
        tab.locator("#raster").click(position={"x": 300, "y": tab.locator("#raster").bounding_box()["height"] - 40})
        until(tab, "s.structure.samples['others/V_m'].ids.length === 2 && s.chosen === 'population:others'")
        choose(tab, "population:others")
        tab.locator("#cell").fill("3")
        tab.locator("#choose").click()
        until(tab, "s.structure.samples['others/V_m'].ids.includes(3)")
        viewing._live.folder = tmp_path
        tab.locator("#raster").focus()
        tab.keyboard.press("r")
        until(tab, "s.network.recording")
        tab.keyboard.press(".")
        until(tab, f"s.network.now > {now} + 15 && s.network.paused")
        tab.get_by_role("button", name="Stop recording").click()
        tab.get_by_text("The recording is in").wait_for()
        (file,) = tmp_path.glob("small_*.h5")
        assert sl.io.load(file).duration > 5
        tab.locator("#speed").fill("2.1")
        tab.locator("#raster").focus()
        tab.keyboard.press(" ")
        until(tab, f"!s.network.paused && s.network.now > {now} + 3000 && s.network.achieved > 1")
        choose(tab, "projection:learning")
        tab.get_by_text("2,000 synapses").wait_for()


@in_browser
def test_a_recorded_file_is_panned_and_zoomed(tab, tmp_path):
    run = recorded_run(2000)
    sl.io.save(run, tmp_path / "run.h5")
    with serve(sl.io.load(tmp_path / "run.h5"), "run.h5") as viewing:
        tab.goto(viewing.url)
        until(tab, "s.tiles && s.tiles.there.size > 0 && s.rates && s.rates.inputs > 0")
        assert "run.h5" in tab.title()
        n = sum(len(found.times) for found in run.spike_data.values())
        assert tab.locator("#raster-note").text_content() == f"{n:,} events"
        rate = tab.evaluate("spikelearnView.rates.inputs")
        assert rate == pytest.approx(len(run.spikes("inputs").times) / 50 / 2, rel=0.05)
        tab.locator("#raster").focus()
        for _ in range(3):
            tab.keyboard.press("+")
        tab.keyboard.press("End")
        until(tab, "Math.abs(s.start + s.span - 2000) < 1e-6 && s.span === 250")
        box = tab.locator("#raster").bounding_box()
        tab.mouse.move(box["x"] + 200, box["y"] + 50)
        tab.mouse.down()
        tab.mouse.move(box["x"] + 500, box["y"] + 50, steps=4)
        tab.mouse.up()
        until(tab, "s.start < 1750")
        tab.mouse.wheel(0, -200)
        until(tab, "s.span < 250")
        choose(tab, "projection:learning")
        tab.get_by_text("2,000 synapses").wait_for()
        assert tab.locator("#switch").count() == 0 and tab.locator("#pause").is_hidden()


@in_browser
def test_one_file_needs_no_server(tab, tmp_path, capsys):
    sl.io.save(recorded_run(1000), tmp_path / "run.h5")
    assert main(["view", str(tmp_path), "--html", str(tmp_path / "run.html")]) == 0
    assert "MB" in capsys.readouterr().err
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((tmp_path / "run.html").as_uri())
    until(tab, "s.tiles && s.tiles.there.size > 0 && s.rates && s.rates.inputs > 0")
    assert inked(tab, "raster") > 500
    choose(tab, "projection:learning")
    tab.get_by_text("2,000 synapses").wait_for()
    assert all(url.startswith(("file:", "data:")) for url in asked)


@in_browser
def test_long_names_stay_within_the_boxes_of_the_graph(tab, tmp_path):
    net = sl.Network(dt=0.1, seed=1)
    net.population(1000, sl.LIFConductance(), name="WWWWWWWWWWWWWWWW")
    (tmp_path / "run.html").write_text(page(RecordedRun(net.run(1.0), "x"), 1 << 22), encoding="utf-8")
    tab.goto((tmp_path / "run.html").as_uri())
    until(tab, "s.structure && document.querySelectorAll('g.box text').length === 2")
    box, *texts = tab.evaluate("[...document.querySelectorAll('g.box rect, g.box text')].map((e) => e.getBBox().width)")
    assert len(texts) == 2 and all(0 < text < box for text in texts)


@in_browser
def test_light_and_dark(tab):
    tab.emulate_media(color_scheme="dark")
    with serve(recorded_run(100), "x") as viewing:
        tab.goto(viewing.url)
        until(tab, "s.theme === 'dark' && s.structure")
        dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.keyboard.press("d")
        until(tab, "s.theme === 'light'")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != dark


@in_browser
def test_names_are_text_and_never_markup(tab, tmp_path):
    net = sl.Network()
    bad = net.population(3, sl.LIF(), name="<img src=x onerror=alert(1)></script><b>&amp;")
    net.connect(bad, bad, name="<script>alert(2)</script>")
    net.record(bad)
    net.record(bad, "V_m")
    run = net.run(20)
    (tmp_path / "bad.html").write_text(page(RecordedRun(run, "</title><script>alert(3)</script>"), 10**7))
    for shown in (net, run):
        with serve(shown, "</title><script>alert(3)</script>") as viewing:
            looks_at_names(tab, viewing.url)
    looks_at_names(tab, (tmp_path / "bad.html").as_uri())


def looks_at_names(tab, url):
    dialogs = []
    tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    tab.goto(url)
    until(tab, "s.structure && s.populations.length === 1")
    for key in ("population:<img src=x onerror=alert(1)></script><b>&amp;", "projection:<script>alert(2)</script>"):
        tab.evaluate("key => [...document.querySelectorAll('g.box')].find(e => e.dataset.key === key)"
                     ".dispatchEvent(new MouseEvent('click'))", key)  # fmt: skip
        assert tab.locator("h3").first.text_content() == key.partition(":")[2]
    assert not dialogs and tab.locator("img, b").count() == 0


def test_one_file_says_what_is_left_out():
    run = recorded_run(3000)
    recorded = RecordedRun(run, "x")
    whole, part = page(recorded, 10**8), page(recorded, 120_000)
    assert '"left_out"' not in whole and "single events and samples are not in this file" in part
    assert len(part) < 120_000 + sum(map(len, page_files().values())) + 100_000
    with pytest.raises(sl.errors.ExperimentError, match="--most"):
        page(recorded, 1000)


def test_modules_of_the_page_can_be_one():
    found = {name: content.decode() for name, content in page_files().items() if name.endswith(".js")}
    assert set(found) == set(ORDER)
    names = [
        line.split()[2 if line.startswith(("export", "async")) else 1].partition("(")[0]
        for text in found.values()
        for line in text.splitlines()
        if line.startswith(("function ", "const ", "let ", "class ", "export "))
    ]
    named = [name for name in names if name not in ("{",)]
    assert len(named) == len(set(named)), sorted(name for name in named if named.count(name) > 1)
    text = page(RecordedRun(recorded_run(10), "x"), 10**7)
    script = text[text.rindex("<script") :]
    assert "\nimport " not in script and "\nexport " not in script


def test_settings_are_for_models(tmp_path, capsys):
    assert main(["view", str(tmp_path / "run.h5"), "--set", "a=1"]) == 2
    assert "for models" in capsys.readouterr().err
    assert main(["view", str(tmp_path / "none.h5")]) == 2
    assert "none.h5" in capsys.readouterr().err


def test_a_model_without_a_network(tmp_path, capsys):
    (tmp_path / "no_network.py").write_text('"""None."""\n\n\ndef simulate(seed: int = 1):\n    return None\n')
    assert main(["view", str(tmp_path / "no_network.py")]) == 2
    assert "no_network" in capsys.readouterr().err
