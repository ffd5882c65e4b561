"""How to read the figures, and what they were made from."""

from __future__ import annotations

from datetime import datetime

from zveno.model.chain import ChainModel
from zveno.reports.document import Block, Column, Heading, Paragraph, Row, TableBlock
from zveno.reports.parts.words import plain_moment, words
from zveno.text.catalogue import Catalogue


def reading_part(text: Catalogue) -> list[Block]:
    """What ± and the marks mean."""
    marks = (
        (text("measured"), text("Read by a meter and not changed.")),
        (text("adjusted"), text("Read by a meter and changed within its error, so that every balance closes.")),
        (text("estimated from others"), text("Not read; follows from the other readings through the balances.")),
        (text("unobservable"), text("Cannot be known from these readings. It is not zero.")),
        (text("suspect"), text("Does not fit the rest; an error larger than stated is likely.")),
        (text("not checked by others"), text("No balance checks this reading: an error in it would pass unseen.")),
        ("z", text("As read − reconciled, over its own standard deviation; by chance beyond ±1.96 once in twenty.")),
    )
    return [
        Heading("how", text("How to read the figures"), text("How to read")),
        Paragraph(
            text(
                "± is half of the 95 % interval: 1.96 standard deviations. The true value lies within "
                "value ± that number in 19 cases of 20, if the stated errors of the meters hold."
            )
        ),
        Paragraph(text("All masses are dry unless said otherwise. Times are plant time.")),
        Paragraph(
            text(
                "Every figure has an address. It shows where the pointer rests on the figure, in a workbook where its "
                "cell is selected; zveno explain ADDRESS unfolds it to its formula, readings, persons and cells."
            )
        ),
        TableBlock(
            "marks",
            text("Marks of figures"),
            (Column("mark", text("Mark")), Column("means", text("Meaning"))),
            tuple(Row(mark, {"mark": words(mark), "means": words(means)}) for mark, means in marks),
        ),
    ]


def provenance_part(
    model: ChainModel,
    *,
    version: str,
    hashes: tuple[tuple[str, str], ...],
    known: datetime | None,
    text: Catalogue,
) -> list[Block]:
    """Hashes, version and time: what must be kept to get the same figures again."""
    rows = [(text("Program"), f"Zveno {version}"), *((text(name), value) for name, value in hashes if value)]
    if known is not None:
        rows.append((text("Data as known on"), plain_moment(known, model, text)))
    rows.extend((f"{text('Source')}: {name}", said) for name, said in model.chain.sources.items())
    return [
        Heading("provenance", text("Where the figures come from"), text("Provenance")),
        Paragraph(text("The same description, rules and readings give the same figures, to the last digit.")),
        TableBlock(
            "provenance",
            text("Made from"),
            (Column("what", text("What")), Column("value", text("Value"))),
            tuple(Row(str(k), {"what": words(a), "value": words(b)}) for k, (a, b) in enumerate(rows)),
        ),
    ]
