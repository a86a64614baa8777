"""`pybuild report`, looked at in a browser: what it says is what the record says, and nothing in it can do harm."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Page, with_page
from tests.support.cli import Pybuild

BUILDFILE = """\
FROM base AS tools
RUN mkdir /tools && head -c 300000 /dev/zero > /tools/big && echo '</pre><script>document.title = "owned"</script>'
FROM base AS assets
COPY src /src
RUN echo one > /made
FROM tools
RUN rm /tools/big
COPY --from=assets /made /src /srv/
"""
HOSTILE = "<img src=x onerror=document.title='owned'>.py"

SCRIPTS = Path(__file__).parents[1] / "report"
FIGURES = (SCRIPTS / "figures.js").read_text()
CONTRAST = (SCRIPTS / "contrast.js").read_text()


@pytest.fixture
def built(based: Pybuild) -> Pybuild:
    """Built twice; in between one file changed."""
    source = Path(based.cwd, "src")
    source.mkdir()
    (source / HOSTILE).write_text("1")
    Path(based.cwd, "Buildfile").write_text(BUILDFILE)
    based.run("-t", "shop:1", ".")
    (source / HOSTILE).write_text("2")
    based.run("-t", "shop:1", ".")
    return based


def test_the_page_in_a_browser(built: Pybuild, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert built.run("report", "-o", str(path)).stdout.strip() == str(path)
    record = json.loads(built.run("builds", "show", "--format", "json").stdout)
    wasted = json.loads(built.run("layers", "--format", "json", "shop:1").stdout)["wasted_bytes"]

    async def look(page: Page) -> None:
        for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
            await page.open(path, width, scheme)
            _same(await page.evaluate(FIGURES), record, wasted)
            assert await page.evaluate(CONTRAST) == []
            if folder := os.environ.get("PYBUILD_SCREENSHOTS"):
                await page.screenshot(Path(folder, f"{width}-{scheme}.png"))
        assert page.complaints == []
        assert {url for url in page.requests if url != "data:,"} == {path.as_uri()}
        await _by_keyboard(page)

    with_page(tmp_path, look)


def _same(shown: dict[str, Any], record: dict[str, Any], wasted: int) -> None:
    assert shown["id"] == record["id"]
    assert shown["title"] == f"shop:1: build {record['id']}"
    assert (shown["injected"], shown["filter"], shown["overflow"]) == (0, True, 0)
    names = ("seconds", "cached", "size")
    assert [shown[name] for name in names] == [record[name] for name in names]
    assert (shown["count"], shown["wasted"]) == (record["step_count"], wasted)
    members = ("id", "outcome", "text", "started", "seconds", "size")
    assert shown["steps"] == [{name: step[name] for name in members} for step in record["steps"]]
    causes = {step["id"]: [cause["text"] for cause in step["causes"]] for step in record["steps"] if step["causes"]}
    assert shown["causes"] == causes
    assert HOSTILE in str(causes)


async def _by_keyboard(page: Page) -> None:
    """The first thing that Tab reaches leads past the head; a bar leads to its step, which opens."""
    order = "[...document.querySelectorAll('a[href], summary, button, input')].filter((e) => e.tabIndex >= 0)"
    assert await page.evaluate(f"{order}[0].className") == "skip"
    reached = """location.hash = "#step-2.1"; new Promise((go) => setTimeout(
        () => go(document.activeElement.closest(".step")?.open ?? document.activeElement.outerHTML), 300))"""
    found = await page.call("Runtime.evaluate", expression=reached, awaitPromise=True, returnByValue=True)
    assert found["result"]["value"] is True


def test_a_build_that_failed_has_a_page(based: Pybuild) -> None:
    Path(based.cwd, "Buildfile").write_text("FROM base\nRUN echo '<b>gone</b>'; false\nRUN true\n")
    based.run("-t", "shop:1", ".", code=1)
    page = based.run("report", "-o", "-").stdout
    assert "This build made no image." in page
    assert "&lt;b&gt;gone&lt;/b&gt;" in page
    assert "<b>gone" not in page


def test_an_image_that_is_gone_is_said(based: Pybuild) -> None:
    Path(based.cwd, "Buildfile").write_text("FROM base\nRUN true\n")
    based.run("-t", "shop:1", ".")
    based.run("rmi", "shop:1")
    assert "cannot be looked into here" in based.run("report", "-o", "-").stdout
    based.run("report", "nothing", code=2)
