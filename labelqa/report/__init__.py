"""Pages for people: an audit as one HTML file that needs no network and no script."""

from labelqa.report._write import write_report

__all__ = ["write_report"]
