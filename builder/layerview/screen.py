"""The full-screen view: layers on the left, the files of the chosen one on the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Static, Tree
from textual.widgets.tree import TreeNode

from builder.layerview.analysis import ADDED, CHANGED, REMOVED, UNCHANGED, Analysis, Table
from builder.layerview.files import FileRow, LayerFiles, Selection, Wanted, files_of_layer, files_since_base
from builder.layerview.help import KEYS, help_text
from builder.model.path_text import path_text
from builder.progress.figures import size_text
from builder.progress.text import printable

_STYLES = {ADDED: "green", CHANGED: "yellow", REMOVED: "red", UNCHANGED: ""}
_LETTERS = {ADDED: "A", CHANGED: "C", REMOVED: "D", UNCHANGED: " "}
_MOST_OPEN = 5_000
"""Nodes of the tree that are opened at once: more are no use to anybody, and each costs time."""


class LayerScreen(App[None]):
    CSS = """
    #summary { height: 1; background: $panel; padding: 0 1; }
    #left { width: 45%; border-right: solid $panel; }
    #layers { height: 2fr; }
    #details { height: 1fr; border-top: solid $panel; padding: 0 1; }
    #shown { height: 1; padding: 0 1; color: $text-muted; }
    #files, #wastes { height: 1fr; }
    #search { display: none; }
    HelpScreen { align: center middle; }
    HelpScreen Static { width: auto; padding: 1 3; border: round $primary; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.key, key.action, key.short or key.says, show=bool(key.short), key_display=key.shown)
        for key in KEYS
        if key.action
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, name: str, analysis: Analysis, tables: Sequence[Table]) -> None:
        super().__init__()
        self._image = name
        self._analysis = analysis
        self._tables = tables
        self._states = frozenset({ADDED, CHANGED, REMOVED})
        self._text = ""
        self._by_size = False
        self._since_base = False
        self._number = 1
        self._known: tuple[tuple[int, bool], LayerFiles] | None = None
        self._selection = Selection({}, False)

    def compose(self) -> ComposeResult:
        yield Static(self._summary(), id="summary", markup=False)
        with Horizontal():
            with Vertical(id="left"):
                yield DataTable[Text](id="layers", cursor_type="row", zebra_stripes=True)
                yield Static(id="details", markup=False)
            with Vertical():
                yield Static(id="shown", markup=False)
                yield Tree[FileRow | None]("/", id="files")
                yield DataTable[Text](id="wastes", cursor_type="row", zebra_stripes=True)
                yield Input(placeholder="part of a path", id="search")
        yield Footer()

    def on_mount(self) -> None:
        layers = self._layers()
        layers.add_columns("", "size", "A", "C", "D", "created by")
        for row in self._analysis.layers:
            counts = [str(count or "") for count in (row.added, row.changed, row.removed)]
            cells = [
                str(row.number),
                size_text(row.size_bytes),
                *counts,
                printable(row.created_by) or row.diff_id.short,
            ]
            layers.add_row(*map(Text, cells))
        wastes = self.query_one("#wastes", DataTable)
        wastes.add_columns("wasted", "layers", "path")
        for waste in self._analysis.wastes:
            numbers = ", ".join(map(str, waste.layers))
            wastes.add_row(Text(size_text(waste.size_bytes)), Text(numbers), Text(f"/{path_text(waste.path)}"))
        wastes.display = False
        layers.focus()
        self._show()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        if event.data_table.id == "layers" and event.cursor_row + 1 != self._number:
            self._number = event.cursor_row + 1
            self._show()

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[FileRow | None]) -> None:
        self._fill(event.node)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._text = event.value
        self._show()

    def on_input_submitted(self) -> None:
        self.query_one("#files").focus()

    def action_toggle_state(self, state: str) -> None:
        self._states = self._states ^ {state}
        self._show()

    def action_toggle_since_base(self) -> None:
        self._since_base = not self._since_base
        self._show()

    def action_toggle_by_size(self) -> None:
        self._by_size = not self._by_size
        self._show()

    def action_search(self) -> None:
        search = self.query_one("#search", Input)
        search.display = True
        search.focus()

    def action_end_search(self) -> None:
        search = self.query_one("#search", Input)
        search.value = ""
        search.display = False
        self.query_one("#files").focus()

    def action_expand(self) -> None:
        self._open_all()

    def action_collapse(self) -> None:
        for node in self._files().root.children:
            node.collapse_all()

    def action_toggle_wastes(self) -> None:
        wastes, files = self.query_one("#wastes"), self._files()
        wastes.display, files.display = files.display, wastes.display
        (wastes if wastes.display else files).focus()
        self._say()

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    def _show(self) -> None:
        """What is chosen, in the tree; folders are open where that shows little."""
        self._selection = self._layer_files().select(Wanted(self._states, self._text, self._by_size))
        files = self._files()
        files.clear()
        files.root.expand()
        self._fill(files.root)
        if self._text or self._selection.count <= 40:
            self._open_all()
        self._say()

    def _say(self) -> None:
        row = self._analysis.layers[self._number - 1] if self._analysis.layers else None
        if row is None:
            return
        which = "all layers above the lowest" if self._since_base else f"layer {row.number}"
        states = ", ".join(state for state in _LETTERS if state in self._states) or "nothing"
        order = ", by size" if self._by_size else ""
        found = f", with {self._text!r}" if self._text else ""
        told = f"{which}: {_files(self._selection.count)} {states}{found}{order}"
        if self.query_one("#wastes").display:
            told = f"{_files(len(self._analysis.wastes))} in several layers"
        self.query_one("#shown", Static).update(told)
        self.query_one("#details", Static).update(
            f"{printable(row.created_by)}\n\ndiff id {row.diff_id.short}, blob {row.digest.short} "
            f"of {size_text(row.blob_bytes)}\n{size_text(row.size_bytes)} of files, "
            f"{size_text(row.hidden_bytes)} of them hidden by higher layers"
        )

    def _layer_files(self) -> LayerFiles:
        chosen = (self._number, self._since_base)
        if self._known is None or self._known[0] != chosen:
            if not self._tables:
                return LayerFiles.empty()
            make = files_since_base if self._since_base else files_of_layer
            self._known = chosen, make(self._tables, self._number)
        return self._known[1]

    def _fill(self, node: TreeNode[FileRow | None]) -> None:
        """Puts what is in a folder below its node, once."""
        if node.children:
            return
        for row in self._selection.children(node.data.path if node.data else ""):
            node.add(_label(row), data=row, allow_expand=row.is_folder)

    def _open_all(self) -> None:
        pending, count = [self._files().root], 0
        while pending and count < _MOST_OPEN:
            node = pending.pop(0)
            self._fill(node)
            node.expand()
            count += len(node.children)
            pending += [child for child in node.children if child.allow_expand]

    def _files(self) -> Tree[FileRow | None]:
        return self.query_one("#files", Tree)

    def _layers(self) -> DataTable[Text]:
        return self.query_one("#layers", DataTable)

    def _summary(self) -> str:
        figures = self._analysis
        return (
            f"{self._image}   {size_text(figures.size_bytes)}   efficiency {figures.efficiency:.1%}   "
            f"wasted {size_text(figures.wasted_bytes)}   one layer would save {size_text(figures.hidden_bytes)}"
        )


class HelpScreen(ModalScreen[None]):
    """Any key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding(key.key, "dismiss", show=False) for key in KEYS if key.action]

    def compose(self) -> ComposeResult:
        yield Static(help_text(), markup=False)

    def on_key(self) -> None:
        self.dismiss()


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _label(row: FileRow) -> Text:
    name = path_text(row.name) + ("/" if row.is_folder else f" -> {path_text(row.link)}" if row.link else "")
    label = Text(f"{_LETTERS[row.state]} {name}", style=_STYLES[row.state])
    return label.append(f"  {size_text(row.size_bytes)}  {row.mode:04o} {row.owner}", style="dim")
