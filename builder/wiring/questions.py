"""What is asked of a Buildfile beside building it, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from builder.calls.answer import QUESTIONS, Answer
from builder.calls.fix import FixAnswer, fix_buildfile
from builder.errors import UsageError
from builder.images.resolve import StoreResolver
from builder.pipeline.build import BuildOptions, kept_options
from builder.pipeline.debugging import Request, enter_step
from builder.pipeline.foreseeing import Forecast, foresee_build
from builder.pipeline.planning import PlanRequest, ignore_file
from builder.progress.events import Reporter
from builder.wiring.build import workshop
from builder.wiring.store import open_store


def ask(question: str, options: BuildOptions, reporter: Reporter) -> Answer:
    """What the Buildfile of a build says, without building it."""
    with _asked(options, reporter) as (request, resolver):
        return QUESTIONS[question](request, resolver)


def fix(options: BuildOptions, reporter: Reporter, write: bool) -> FixAnswer:
    """The Buildfile of a build with what the checks find rewritten; on disk only if `write` says so."""
    with _asked(options, reporter) as (request, resolver):
        return fix_buildfile(request, resolver, write)


@contextmanager
def _asked(options: BuildOptions, reporter: Reporter) -> Iterator[tuple[PlanRequest, StoreResolver]]:
    with ExitStack() as opened:
        store = opened.enter_context(open_store(options.root))
        shop = workshop(options, store, reporter, opened)
        text = shop.buildfile()
        request = PlanRequest(text, shop.plan_options[0], ignore_file(options.context, text))
        yield request.with_every_right(), shop.resolver


def foresee(options: BuildOptions, reporter: Reporter) -> Forecast:
    """What a build would do."""
    with ExitStack() as opened:
        store = opened.enter_context(open_store(options.root))
        return foresee_build(options, workshop(options, store, reporter, opened))


def debug(given: BuildOptions, request: Request, reporter: Reporter, announce: Callable[[str], None]) -> int:
    """Enters a step of the last build of the Buildfile that `given` names; returns the command's exit code."""
    with ExitStack() as opened:
        store = opened.enter_context(open_store(given.root))
        project = workshop(given, store, reporter, opened).buildfile().path
        kept = kept_options(store, project)
        if kept is None:
            raise UsageError("no-build", f"{project} has not been built in this store", hint="build it first")
        options = kept._replace(context=given.context, file=given.file, pull=False, outputs=(), push=False, cache_to=())
        return enter_step(options, workshop(options, store, reporter, opened), request, announce)
