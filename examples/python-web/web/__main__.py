"""`python3 -m web` serves the application on $PORT until it is told to stop."""

from __future__ import annotations

import os
from wsgiref.simple_server import make_server

from web.application import application


def main() -> None:
    port = int(os.environ.get("PORT", "8000"))
    with make_server("0.0.0.0", port, application) as server:  # noqa: S104 - a container's own network
        print(f"listening on port {server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped", flush=True)


if __name__ == "__main__":
    main()
