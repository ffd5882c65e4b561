"""Reports in layouts unlike those of the example, made from a seed, with what every cell of theirs means.

They speak of the chain of the example ``workbooks_march_2026``. Every layout is a workbook or text of its own with the
cells that must be imported; all other cells must not be. Traps stand among them: plans, sums, losses, and returns, that look like
measurements of a point and are none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

from openpyxl.utils import get_column_letter
from tests.unit.sources.strange_pages import ZONE, Page, Strange, book, day_of, days, shift_of

from zveno.sources.fates import Fate


def days_across(seed: int) -> Strange:
    """Days of the month across the top, indicators with units down the side; a sum and a plan beside them."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Свод")
        one.put(1, 1, "Балхашская обогатительная фабрика. Сводка показателей за март 2026 г.")
        one.put(3, 1, "Показатель")
        one.put(3, 2, "Ед. изм.")
        those = days(3, 12)
        for n, day in enumerate(those):
            one.put(3, 3 + n, day.day)
        one.put(3, 15, "Итого")
        one.put(3, 16, "План")
        rows = [("Переработано руды (сухая)", "т", "bof.l1.feed", "mass_dry", 14000), ("Влажность руды", "%", "bof.l1.feed", "moisture", 4.4),
                ("Выработано концентрата, сух.", "т", "bof.l1.conc", "mass_dry", 260), ("Cu в концентрате", "%", "bof.l1.conc", "grade_Cu", 18),
                ("Cu в хвостах", "%", "bof.l1.tail", "grade_Cu", 0.08), ("Потери концентрата при погрузке", "т", "", "", 1.5)]  # fmt: skip
        for n, (label, uom, point, quantity, size) in enumerate(rows, start=4):
            one.put(n, 1, label)
            one.put(n, 2, uom)
            for m, day in enumerate(those):
                value = round(size * random.uniform(0.9, 1.1), 3)
                if point:
                    one.measure((n, 3 + m), value, (point, quantity, {"т": "t"}.get(uom, uom)), day_of("bof", day))
                else:
                    one.put(n, 3 + m, value)
            one.put(n, 15, round(size * 12, 2))
            one.put(n, 16, size * 12)

    return book("БОФ свод март.xlsx", fill, seed)


def dates_across_kazakh(seed: int) -> Strange:
    """Dates across the top in Kazakh; units stand in the labels."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Наурыз")
        one.put(1, 1, "Мыс электролиз цехы. Тәуліктік көрсеткіштер")
        one.put(3, 1, "Көрсеткіш")
        those = days(3, 10)
        for n, day in enumerate(those):
            one.put(3, 2 + n, f"{day:%d.%m.%Y}")
        rows = [("Шығарылған катод, т", "ref.cathode", "mass_dry", "t", 260), ("Жөнелтілген катод, кг", "ref.cathode.out", "mass_dry", "kg", 250000),
                ("Ванналарға салынған анод, т", "ref.charge", "mass_dry", "t", 300), ("Жоспар: катод, т", "", "", "", 255)]  # fmt: skip
        for n, (label, point, quantity, uom, size) in enumerate(rows, start=4):
            one.put(n, 1, label)
            for m, day in enumerate(those):
                value = round(size * random.uniform(0.9, 1.1), 2)
                if point:
                    one.measure((n, 2 + m), value, (point, quantity, uom), day_of("ref", day))
                else:
                    one.put(n, 2 + m, value)

    return book("МЭЦ көрсеткіштер.xlsx", fill, seed)


def stacked_sections(seed: int) -> Strange:
    """Two tables below each other with the same headings, told apart by the text above them only."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Секции")
        one.put(1, 1, "Жезказганская обогатительная фабрика. Работа секций по сменам")
        row = 3
        for line in (1, 2):
            one.put(row, 1, f"Показатели работы секции {line}")
            for n, head in enumerate(
                ["Дата", "Смена", "Руда влажная, т", "Влага руды, %", "Концентрат сухой, т", "Остановки, ч"], start=1
            ):
                one.put(row + 1, n, head)
            row += 2
            for day in days(3, 4):
                for shift in range(3):
                    one.put(row, 1, f"{day:%d.%m.%Y}")
                    one.put(row, 2, ("I", "II", "III")[shift])
                    span = shift_of("zhf", day, shift)
                    begin = f"zhf.l{line}"
                    one.measure(
                        (row, 3), round(random.uniform(1800, 2100), 1), (f"{begin}.feed", "mass_wet", "t"), span
                    )
                    one.measure((row, 4), round(random.uniform(3, 5), 2), (f"{begin}.feed", "moisture", "%"), span)
                    one.measure((row, 5), round(random.uniform(30, 45), 2), (f"{begin}.conc", "mass_dry", "t"), span)
                    one.measure((row, 6), round(random.uniform(0, 2), 1), (begin, "downtime", "h"), span)
                    row += 1
            one.put(row, 1, "Итого")
            one.put(row, 3, 23000)
            row += 2

    return book("ЖОФ секции.xlsx", fill, seed)


def months_side_by_side(seed: int) -> Strange:
    """Two months beside each other, days of the month down the side."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Катоды")
        one.put(1, 1, "Цех электролиза меди: выпуск и отгрузка катодов")
        one.put(3, 1, "Число")
        months = [(3, "Март 2026"), (4, "Апрель 2026")]
        for n, (_, name) in enumerate(months):
            one.put(3, 2 + 2 * n, name)
            one.sheet.merge_cells(start_row=3, end_row=3, start_column=2 + 2 * n, end_column=3 + 2 * n)
            one.put(4, 2 + 2 * n, "Катоды выпущено, т")
            one.put(4, 3 + 2 * n, "Катоды отгружено, т")
        for day in range(1, 31):
            one.put(4 + day, 1, day)
            for n, (month, _) in enumerate(months):
                span = day_of("ref", date(2026, month, day))
                one.measure(
                    (4 + day, 2 + 2 * n), round(random.uniform(230, 290), 3), ("ref.cathode", "mass_dry", "t"), span
                )
                one.measure(
                    (4 + day, 3 + 2 * n), round(random.uniform(0, 900), 1), ("ref.cathode.out", "mass_dry", "t"), span
                )

    return book("катоды.xlsx", fill, seed)


def charge_in_cp1251(seed: int) -> Strange:
    """Text in cp1251 with decimal commas and a heading of two rows without merged cells."""
    random, wanted = Random(seed), {}
    rows: list[list[str]] = [
        ["Медеплавильный завод, загрузка шихты в электропечь"] + [""] * 8,
        ["Дата", "Смена", "Концентрат ЖОФ", "", "Концентрат БОФ", "", "Кварц", "Потери при загрузке", "Возврат"],
        ["", "", "влажн., т", "влага, %", "влажн., т", "влага, %", "влажн., т", "т", "т"],
    ]
    for day in days(3, 6):
        for shift in range(3):
            span = shift_of("sm", day, shift)
            cells = [f"{day:%d.%m.%Y}", ("I", "II", "III")[shift]]
            for point, quantity, uom, size in (("sm.charge.zhf", "mass_wet", "t", 90), ("sm.charge.zhf", "moisture", "%", 9),
                                               ("sm.charge.bof", "mass_wet", "t", 100), ("sm.charge.bof", "moisture", "%", 8),
                                               ("sm.charge.quartz", "mass_wet", "t", 20)):  # fmt: skip
                value = round(size * random.uniform(0.9, 1.1), 2)
                at = (len(rows), len(cells))
                wanted["", f"{get_column_letter(at[1] + 1)}{at[0] + 1}"] = Fate(
                    "", *at, str(value), "imported", point=point, quantity=quantity, uom=uom, value=value,
                    start=span[0].astimezone(UTC), end=span[1].astimezone(UTC),
                )  # fmt: skip
                cells.append(f"{value}".replace(".", ","))
            rows.append(
                [
                    *cells,
                    f"{random.uniform(0, 1):.2f}".replace(".", ","),
                    f"{random.uniform(0, 1):.2f}".replace(".", ","),
                ]
            )
    text = "\n".join(";".join(row) for row in rows)
    return Strange("шихта.csv", text.encode("cp1251"), wanted)


def units_missing(seed: int) -> Strange:
    """No units anywhere: nothing may be taken before they are told."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Смены")
        one.put(1, 1, "Жезказганская обогатительная фабрика, сменный журнал")
        for n, head in enumerate(
            ["Дата", "Смена", "Руда влажная с.1", "Влага руды с.1", "Руда влажная с.2", "Влага руды с.2"], start=1
        ):
            one.put(2, n, head)
        row = 3
        for day in days(3, 4):
            for shift in range(3):
                one.put(row, 1, datetime(day.year, day.month, day.day))
                one.put(row, 2, ("I", "II", "III")[shift])
                span = shift_of("zhf", day, shift)
                for line in (1, 2):
                    one.measure(
                        (row, 1 + 2 * line),
                        round(random.uniform(1800, 2100), 1),
                        (f"zhf.l{line}.feed", "mass_wet", "t"),
                        span,
                    )
                    one.measure(
                        (row, 2 + 2 * line),
                        round(random.uniform(3, 5), 2),
                        (f"zhf.l{line}.feed", "moisture", "%"),
                        span,
                    )
                row += 1

    return book("журнал без единиц.xlsx", fill, seed)


def kazakh_laboratory(seed: int) -> Strange:
    """Samples down the side in Kazakh, with controls that must not stand for the result."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("ББФ")
        one.put(1, 1, "Зертхана журналы. Балқаш байыту фабрикасы, ауысымдық сынамалар")
        for n, head in enumerate(["Күні", "Ауысым", "Сынама", "Cu, %", "Fe, %", "Ag, г/т", "Ескерту"], start=1):
            one.put(3, n, head)
        row = 4
        kinds = [
            ("Кен", "bof.l1.feed", (0.42, 3.5, 2.2)),
            ("Концентрат", "bof.l1.conc", (18, 27, 62)),
            ("Қалдық", "bof.l1.tail", (0.08, 3, 0.9)),
        ]
        for day in days(3, 4):
            for shift, word in enumerate(("түнгі", "күндізгі")):
                span = shift_of("bof", day, shift)
                for label, point, sizes in kinds:
                    one.put(row, 1, f"{day:%d.%m.%Y}")
                    one.put(row, 2, word)
                    one.put(row, 3, label)
                    for n, (quantity, uom) in enumerate((("grade_Cu", "%"), ("grade_Fe", "%"), ("grade_Ag", "g/t"))):
                        one.measure(
                            (row, 4 + n), round(sizes[n] * random.uniform(0.9, 1.1), 3), (point, quantity, uom), span
                        )
                    row += 1

    return book("зертхана ББФ.xlsx", fill, seed)


def english_anodes(seed: int) -> Strange:
    """An English log of the anode furnaces with units in a row of their own."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Log")
        one.put(1, 1, "Smelter. Anode furnaces, shift log (shifts 07-15, 15-23, 23-07)")
        heads = [("Date", ""), ("Shift", ""), ("Blister charged", "t"), ("Anode scrap charged", "t"), ("Anodes cast", "t"), ("Slag skimmed", "kg"),
                 ("Rejects", "t"), ("Month to date", "t")]  # fmt: skip
        for n, (head, uom) in enumerate(heads, start=1):
            one.put(3, n, head)
            if uom:
                one.put(4, n, uom)
        row = 5
        for day in days(3, 5):
            for shift in range(3):
                span = shift_of("sm", day, shift)
                one.put(row, 1, f"{day.day} {day:%B} {day.year}")
                one.put(row, 2, shift + 1)
                one.measure((row, 3), round(random.uniform(70, 100), 2), ("af.blister", "mass_dry", "t"), span)
                one.measure((row, 4), round(random.uniform(10, 20), 2), ("af.scrap", "mass_dry", "t"), span)
                one.measure((row, 5), round(random.uniform(95, 110), 2), ("af.anode", "mass_dry", "t"), span)
                one.measure((row, 6), round(random.uniform(550, 700)), ("af.slag", "mass_dry", "kg"), span)
                one.put(row, 7, round(random.uniform(0, 2), 2))
                one.put(row, 8, round(random.uniform(100, 2000), 2))
                row += 1

    return book("anode furnaces.xlsx", fill, seed)


def two_beside_each_other(seed: int) -> Strange:
    """Two tables beside each other, each with dates of its own that are not the same."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Отгрузка")
        one.put(1, 1, "Отгрузка концентрата и катодов")
        for n, head in enumerate(["Дата", "Катоды отгружено, т", "", "Дата сдачи", "Сдача шлама, кг"], start=1):
            if head:
                one.put(3, n, head)
        for n, day in enumerate(days(3, 8)):
            one.put(4 + n, 1, f"{day:%d.%m.%Y}")
            one.measure(
                (4 + n, 2), round(random.uniform(200, 900), 1), ("ref.cathode.out", "mass_dry", "t"), day_of("ref", day)
            )
            later = day + timedelta(days=9)
            one.put(4 + n, 4, f"{later:%d.%m.%Y}")
            one.measure(
                (4 + n, 5),
                round(random.uniform(1000, 2000), 1),
                ("ref.slimes.out", "mass_dry", "kg"),
                day_of("ref", later),
            )

    return book("отгрузка.xlsx", fill, seed)


def downtime_list(seed: int) -> Strange:
    """A list of stops with their reasons: hours of equipment, and losses that are estimates."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Простои")
        one.put(1, 1, "Жезказганская обогатительная фабрика. Перечень простоев за март 2026 г.")
        for n, head in enumerate(
            ["№", "Дата", "Смена", "Секция", "Оборудование", "Простой, ч", "Причина", "Потеря руды, т"], start=1
        ):
            one.put(3, n, head)
        seen = set()
        for row in range(4, 24):
            day, shift, line = date(2026, 3, random.randint(1, 28)), random.randint(0, 2), random.randint(1, 2)
            while (day, shift, line) in seen:
                day = date(2026, 3, random.randint(1, 28))
            seen.add((day, shift, line))
            for n, value in enumerate(
                [row - 3, f"{day:%d.%m.%Y}", ("I", "II", "III")[shift], f"Секция {line}", "мельница МШР"], start=1
            ):
                one.put(row, n, value)
            one.measure(
                (row, 6),
                round(random.uniform(0.2, 3), 1),
                (f"zhf.l{line}", "downtime", "h"),
                shift_of("zhf", day, shift),
            )
            one.put(row, 7, "замена футеровки")
            one.put(row, 8, round(random.uniform(10, 300)))

    return book("простои.xlsx", fill, seed)


def american_dates(seed: int) -> Strange:
    """Dates with the month first, as some export them: the first days of a month look like days of other months."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Export")
        one.put(1, 1, "Refinery daily export")
        for n, head in enumerate(["Date", "Cathode produced, t", "Cathode shipped, t"], start=1):
            one.put(2, n, head)
        for n, day in enumerate(days(3, 20)):
            one.put(3 + n, 1, f"{day:%m/%d/%Y}")
            one.measure(
                (3 + n, 2), round(random.uniform(200, 290), 2), ("ref.cathode", "mass_dry", "t"), day_of("ref", day)
            )
            one.measure(
                (3 + n, 3), round(random.uniform(0, 900), 1), ("ref.cathode.out", "mass_dry", "t"), day_of("ref", day)
            )

    return book("refinery export.xlsx", fill, seed)


def shifts_across(seed: int) -> Strange:
    """Shifts across the top of one day's report of the converters; a sum for the day beside them."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        for day in days(3, 2):
            one = page(f"{day:%d.%m}")
            one.put(1, 1, "Медеплавильный завод. Конвертерное отделение, суточный отчёт")
            one.put(2, 1, f"за {day:%d.%m.%Y}")
            for n, head in enumerate(
                ["Показатель", "Ед.изм.", "I смена 07-15", "II смена 15-23", "III смена 23-07", "За сутки"], start=1
            ):
                one.put(4, n, head)
            rows = [("Кварц, загружено влажн.", "т", "conv.quartz", "mass_wet", "t", 28), ("Черновая медь", "т", "conv.blister", "mass_dry", "t", 85),
                    ("Конвертерный шлак", "т", "conv.slag", "mass_dry", "t", 92), ("Cu в черновой меди", "%", "conv.blister", "grade_Cu", "%", 98.6),
                    ("Холодные присадки", "т", "", "", "", 6)]  # fmt: skip
            for n, (label, unit, point, quantity, uom, size) in enumerate(rows, start=5):
                one.put(n, 1, label)
                one.put(n, 2, unit)
                for shift in range(3):
                    value = round(min(size * random.uniform(0.95, 1.01), 99.9), 2)
                    if point:
                        one.measure((n, 3 + shift), value, (point, quantity, uom), shift_of("sm", day, shift))
                    else:
                        one.put(n, 3 + shift, value)
                one.put(n, 6, round(size * 3, 1))

    return book("конвертера.xlsx", fill, seed)


def stocks_english(seed: int) -> Strange:
    """A stocktake in English, materials down the side."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Stocks")
        one.put(1, 1, "Stocktake of concentrates and metal, closing balance")
        one.put(2, 1, "as at 31.03.2026 24:00")
        for n, head in enumerate(
            ["No", "Place", "Wet mass, t", "Moisture, %", "Cu, %", "Ag, g/t", "Book value, t"], start=1
        ):
            one.put(4, n, head)
        moment = datetime(2026, 4, 1, tzinfo=ZONE)
        places: Sequence[tuple[str, str]] = (
            ("Concentrate warehouse, Zhezkazgan", "stock.zhf.wh"), ("Warehouse of concentrate (Balkhash)", "stock.bof.wh"),
            ("Quartz store", "stock.sm.quartz"), ("Anodes in cells", "stock.ref.cells"), ("Cathodes in store", "stock.ref.cathode"),
        )  # fmt: skip
        for row, (label, point) in enumerate(places, start=5):
            one.put(row, 1, row - 4)
            one.put(row, 2, label)
            one.measure((row, 3), round(random.uniform(200, 2000), 1), (point, "mass_wet", "t"), (moment, moment))
            one.measure((row, 4), round(random.uniform(2, 9), 1), (point, "moisture", "%"), (moment, moment))
            one.measure((row, 5), round(random.uniform(10, 40), 2), (point, "grade_Cu", "%"), (moment, moment))
            one.measure((row, 6), round(random.uniform(10, 400), 1), (point, "grade_Ag", "g/t"), (moment, moment))
            one.put(row, 7, round(random.uniform(200, 2000), 1))

    return book("stocks.xlsx", fill, seed)


def plan_and_fact(seed: int) -> Strange:
    """Plan and fact beside each other, norms, deviations, other sizes of grain, sums with short names: traps all of them."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("План-факт")
        one.put(1, 1, "Балхашская ОФ. Выполнение плана по сменам")
        heads = [("Дата", ""), ("Смена", ""), ("Руда сухая, т", "план"), ("Руда сухая, т", "факт"), ("Руда сухая, т", "откл."),
                 ("Влага руды, %", "норма"), ("Влага руды, %", "факт"), ("Класс +0,2 мм, %", ""), ("Концентрат сух., т", "факт"),
                 ("Концентрат сух., т", "с нач. мес."), ("Недостача концентрата, т", "")]  # fmt: skip
        for n, (upper, lower) in enumerate(heads, start=1):
            if n == 1 or heads[n - 2][0] != upper:
                one.put(3, n, upper)
            if lower:
                one.put(4, n, lower)
        for first, last in ((3, 5), (6, 7), (9, 10)):
            one.sheet.merge_cells(start_row=3, end_row=3, start_column=first, end_column=last)
        row = 5
        for day in days(3, 5):
            for shift, word in enumerate(("ночная", "дневная")):
                span = shift_of("bof", day, shift)
                one.put(row, 1, f"{day:%d.%m.%Y}")
                one.put(row, 2, word)
                for column, size in ((3, 7000), (5, 50), (6, 4.5), (8, 3.1), (10, 2000), (11, 0.4)):
                    one.put(row, column, round(size * random.uniform(0.9, 1.1), 2))
                one.measure((row, 4), round(random.uniform(6000, 7500), 1), ("bof.l1.feed", "mass_dry", "t"), span)
                one.measure((row, 7), round(random.uniform(4, 5), 2), ("bof.l1.feed", "moisture", "%"), span)
                one.measure((row, 9), round(random.uniform(110, 140), 1), ("bof.l1.conc", "mass_dry", "t"), span)
                row += 1

    return book("план-факт.xlsx", fill, seed)


def plant_in_headings_only(seed: int) -> Strange:
    """No title: the headings name the plant, whose day does not begin at midnight."""

    def fill(page: Callable[[str], Page], random: Random) -> None:
        one = page("Лист1")
        for n, head in enumerate(
            ["Дата", "Руда БОФ сухая, т", "Концентрат БОФ сухой, т", "Хвосты БОФ, Cu %", "Остаток на складе, т"],
            start=1,
        ):
            one.put(1, n, head)
        for n, day in enumerate(days(3, 9), start=2):
            one.put(n, 1, datetime(day.year, day.month, day.day))
            one.measure(
                (n, 2), round(random.uniform(12000, 15000), 1), ("bof.l1.feed", "mass_dry", "t"), day_of("bof", day)
            )
            one.measure(
                (n, 3), round(random.uniform(220, 280), 1), ("bof.l1.conc", "mass_dry", "t"), day_of("bof", day)
            )
            one.measure(
                (n, 4), round(random.uniform(0.07, 0.09), 3), ("bof.l1.tail", "grade_Cu", "%"), day_of("bof", day)
            )
            one.put(n, 5, round(random.uniform(300, 900), 1))

    return book("данные.xlsx", fill, seed)


STRANGE: Mapping[str, Callable[[int], Strange]] = {
    one.__name__: one
    for one in (
        days_across, dates_across_kazakh, stacked_sections, months_side_by_side, charge_in_cp1251, units_missing,
        kazakh_laboratory, english_anodes, two_beside_each_other, downtime_list, american_dates, shifts_across, stocks_english,
        plan_and_fact, plant_in_headings_only,
    )
}  # fmt: skip
