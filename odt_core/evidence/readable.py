"""Cards as Markdown and HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from odt_core.evidence.charts.chart_page import POLICY, STYLE
from odt_core.evidence.escape import html_text, markdown_text


@dataclass(frozen=True)
class Section:
    """A heading, plain sentences, and a table (its first row is the head) or none."""

    heading: str
    sentences: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    charts: tuple[str, ...] = ()


def as_markdown(title: str, lead: str, sections: Iterable[Section]) -> bytes:
    """UTF-8 Markdown."""
    lines = [f"# {markdown_text(title)}", "", markdown_text(lead), ""]
    for section in sections:
        lines += [f"## {markdown_text(section.heading)}", ""]
        for sentence in section.sentences:
            lines += [markdown_text(sentence), ""]
        if len(section.table) > 1:
            head, *rows = section.table
            lines.append(_row(head, markdown_text))
            lines.append("|" + " --- |" * len(head))
            lines += [_row(row, markdown_text) for row in rows]
            lines.append("")
        for chart in section.charts:
            lines += [f"![{chart}](charts/{chart}.png)", ""]
    return "\n".join(lines).encode()


def as_html(
    title: str, lead: str, sections: Iterable[Section], charts: Mapping[str, Mapping[str, str]]
) -> bytes:
    """UTF-8 HTML beside the folder charts/. charts: what stands above each, by its name."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        # The charts stand beside this file; a page opened from disk may load them, nothing else.
        '<meta http-equiv="Content-Security-Policy" content="'
        + POLICY.replace("script-src 'unsafe-inline'; ", "").replace("blob:", "'self' file:")
        + '"><meta name="viewport" content="width=device-width">',
        f"<title>{html_text(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{html_text(title)}</h1><p>{html_text(lead)}</p>",
        '<p><a href="charts.html">Interactive charts</a></p>',
    ]
    for section in sections:
        parts.append(f"<section><h2>{html_text(section.heading)}</h2>")
        parts += [f"<p>{html_text(sentence)}</p>" for sentence in section.sentences]
        if len(section.table) > 1:
            head, *rows = section.table
            cells = "".join(f'<th scope="col">{html_text(cell)}</th>' for cell in head)
            parts.append(f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>')
            for row in rows:
                cells = "".join(f"<td>{html_text(cell)}</td>" for cell in row)
                parts.append(f"<tr>{cells}</tr>")
            parts.append("</tbody></table></div>")
        for chart in section.charts:
            said = html_text(f"{charts[chart]['title']}. {charts[chart]['note']}")
            parts.append(f'<p><img src="charts/{chart}.png" alt="{said}"></p>')
        parts.append("</section>")
    return ("".join(parts) + "</body></html>").encode()


def _row(cells: Iterable[str], text: Callable[[str], str]) -> str:
    return "| " + " | ".join(text(cell) for cell in cells) + " |"
