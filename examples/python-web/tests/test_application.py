from __future__ import annotations

import unittest
from wsgiref.util import setup_testing_defaults

from web.application import application


def get(path: str, query: str = "") -> tuple[str, str]:
    """Status and body of the answer."""
    environment: dict[str, object] = {"PATH_INFO": path, "QUERY_STRING": query}
    setup_testing_defaults(environment)
    statuses: list[str] = []
    body = b"".join(application(environment, lambda status, _headers: statuses.append(status)))
    return statuses[0], body.decode()


class ApplicationTest(unittest.TestCase):
    def test_greets_the_world(self) -> None:
        self.assertEqual(get("/"), ("200 OK", "<h1>Hello, world!</h1>\n"))

    def test_a_name_cannot_carry_markup(self) -> None:
        self.assertIn("&lt;b&gt;", get("/", "name=<b>")[1])

    def test_is_well(self) -> None:
        self.assertEqual(get("/health"), ("200 OK", "well\n"))

    def test_says_so_when_there_is_nothing(self) -> None:
        self.assertEqual(get("/nowhere")[0], "404 Not Found")


if __name__ == "__main__":
    unittest.main()
