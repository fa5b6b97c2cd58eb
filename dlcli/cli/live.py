"""Show a table on the terminal and redraw it in place. Importing this module imports rich."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dlcli.cli.columns import GAP, Row
from dlcli.cli.formatting import duration
from dlcli.errors import escape_control

BAR_WIDTH = 24


class _Output:
    """Standard error, for rich: text that cannot be written is dropped, and the work goes on."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text."""
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        try:
            self._stream.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Console(Console):
    """Console that leaves the cursor visible, since a killed process cannot show it again."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002
        return False


class LiveTable:
    """A table on the terminal that is redrawn in place; what others print appears above it."""

    def __init__(self) -> None:
        output: Any = _Output(sys.stderr)
        self.console = _Console(
            file=output, force_terminal=True, force_jupyter=False, highlight=False
        )
        # Redirected output does not go to the terminal, so that it does not disturb the table.
        self._live = Live(
            console=self.console,
            auto_refresh=False,
            redirect_stdout=sys.stdout.isatty(),
            vertical_overflow="crop",
        )
        self._live.start()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the terminal."""
        return self.console.size.width, self.console.size.height

    def draw(self, *parts: Any) -> None:
        """Replace what is shown."""
        self._live.update(Group(*parts), refresh=True)

    def close(self, *, erased: bool = False) -> None:
        """Leave the table on the screen, or erase it."""
        self._live.transient = erased
        self._live.stop()


def render_table(header: Sequence[str], rows: Iterable[Row]) -> Table:
    """Return a table of numbers, aligned to the right."""
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    for name in header:
        table.add_column(Text(escape_control(name)), justify="right", no_wrap=True)
    for row in rows:
        cells = (Text(escape_control(cell)) for cell in row.cells)
        table.add_row(*cells, style=row.style or None)
    return table


def render_note(text: str) -> Text:
    """Return a line that explains a table."""
    return Text(escape_control(text), "dim")


def render_bar(before: str, share: float, seconds_left: float) -> Table:
    """Return a line with a progress bar and the time left."""
    left = f"{duration(seconds_left)} left" if seconds_left >= 0.5 else ""
    line = Table.grid(padding=(0, GAP, 0, 0))
    bar = ProgressBar(total=1.0, completed=share, width=BAR_WIDTH)
    line.add_row(Text(before), bar, Text(left, "cyan"))
    return line
