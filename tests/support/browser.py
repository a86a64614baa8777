"""Debian's Chromium without a window, driven over its debugging protocol: one page, any width, light or dark."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

_LIMIT = 60
"""Seconds: a browser that hangs fails the test."""
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0")


class Page:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._loaded = False
        self.complaints: list[str] = []
        """What the console shows: errors, warnings, what the page's policy has refused."""
        self.requests: list[str] = []

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json(timeout=_LIMIT)
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.complaints.append(str(params))
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Page.loadEventFired":
                self._loaded = True

    async def open(self, path: Path, width: int, scheme: str) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=False
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.call("Emulation.setEmulatedMedia", features=features)
        self._loaded = False
        await self.call("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._hear(await self._socket.receive_json(timeout=_LIMIT))

    async def evaluate(self, expression: str) -> Any:
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def screenshot(self, path: Path) -> None:
        """Of the whole page."""
        found = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))


def with_page(folder: Path, look: Callable[[Page], Awaitable[None]]) -> None:
    """Calls `look` with an empty page of a browser whose profile is below `folder`."""

    async def run() -> None:
        async with _page(folder) as page:
            await look(page)

    asyncio.run(run())


@contextlib.asynccontextmanager
async def _page(folder: Path) -> AsyncIterator[Page]:
    profile = folder / "profile"
    errors = folder / "chromium.log"
    with errors.open("wb") as log:
        command = ["chromium", *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        browser = subprocess.Popen(command, stderr=log, stdout=log, env=os.environ | {"HOME": str(folder)})
    try:
        port = await _port(profile / "DevToolsActivePort", browser, errors)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(await _address(session, port), max_msg_size=0) as socket,
        ):
            page = Page(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                await page.call(f"{domain}.enable")
            yield page
            await socket.send_json({"id": 0, "method": "Browser.close"})  # it may hang up before it answers
        browser.wait(_LIMIT)
    finally:
        if browser.poll() is None:
            browser.kill()
            browser.wait()


async def _port(file: Path, browser: subprocess.Popen[bytes], errors: Path) -> int:
    for _ in range(_LIMIT * 20):
        if file.exists() and (text := file.read_text()).count("\n"):
            return int(text.partition("\n")[0])
        assert browser.poll() is None, errors.read_text(errors="replace")[-2000:]
        await asyncio.sleep(0.05)
    raise AssertionError("the browser does not listen")


async def _address(session: aiohttp.ClientSession, port: int) -> str:
    """Of the page, which may come later than the port."""
    for _ in range(_LIMIT * 20):
        async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [target for target in await answer.json() if target["type"] == "page"]
        if pages:
            return str(pages[0]["webSocketDebuggerUrl"])
        await asyncio.sleep(0.05)
    raise AssertionError("the browser has no page")
