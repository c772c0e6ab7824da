"""
Many patients at once: the rules over the columns of a table, whichever of Polars, DuckDB and PySpark holds it; ibis is the door.

A row is a patient, a missing cell is not known. Frames, files and tables of Spark are worked out by ``kernel``, a batch at a time, those of
Spark where their rows lie. Of a table of ibis the answer is a table of ibis too; of any but Spark's, the same formulas as expressions, which for
one release stay the oracle that the kernel is tested against. Only what the asked conclusions rest on is computed.
A row that ``evaluate`` would refuse is marked and concludes nothing; it is never dropped.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any

import attrs

from mps_rules.answer.scores import GROUPS, definitions_read, is_definition
from mps_rules.answer.values import STATUSES, Status
from mps_rules.errors import Fault, FindingError, closest
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import PRESSING, URGENCIES, Effect, GiveCaution, Rule, Strength
from mps_rules.population.formulas import FALSE, TRUE, UNKNOWN, Amount, Flaw, Formula, Kind, Sheet
from mps_rules.population.rules import Tally
from mps_rules.population.steps import Projections, balanced, stripped
from mps_rules.population.tables import Backend, Dates, Table, is_long, kinds_of, opened, pivoted, understood
from mps_rules.population.unread import Formulas

if TYPE_CHECKING:
    import pyarrow as pa

    from mps_rules.population.kernel import Found, Kernel, Plane, Whole
    from mps_rules.population.workers import Teller

# --- what is asked -----------------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Answer:
    """One thing that can be concluded: its name, its rules, and, of a hypothesis, how each of them argues."""

    id: str
    rules: tuple[Rule, ...]
    arguments: tuple[tuple[Rule, Effect, Strength | None], ...] = ()

    @property
    def authored(self) -> tuple[tuple[Rule, Effect, Strength | None], ...]:
        """The arguments that somebody wrote: what the loader made of a cause is counted in points."""
        return tuple(argument for argument in self.arguments if argument[0].cause is None)


def answers(base: KnowledgeBase, conclusions: Sequence[str] | None = None) -> tuple[Answer, ...]:
    """
    Hypotheses, derived conclusions (alerts and criteria among them) and cautions: all, or those named; rules by id where named.

    Raises:
        FindingError: names of nothing that these rules conclude, each with the closest; all of them.

    """
    known = {id_: Answer(id_, rules) for id_, rules in base.concluding.items()}
    for hypothesis, arguments in base.arguments.items():
        if base.vocabulary.suspects[hypothesis].kind == "prompt":
            continue
        known[hypothesis] = Answer(hypothesis, tuple(dict.fromkeys(rule for rule, _, _ in arguments)), arguments)
    given: dict[str, list[Rule]] = {}
    for rule in base.rules:
        for conclusion in rule.then:
            if isinstance(conclusion, GiveCaution):
                given.setdefault(conclusion.id, []).append(rule)
    known |= {id_: Answer(id_, tuple(rules)) for id_, rules in given.items() if id_ not in known}
    if conclusions is None:
        return tuple(known[id_] for id_ in sorted(known))
    known |= {rule.id: Answer(rule.id, (rule,)) for rule in base.rules}
    faults = [Fault(str(id_), "is nothing that these rules conclude", closest(id_, known)) for id_ in conclusions if id_ not in known]
    if faults:
        raise FindingError(faults)
    return tuple(known[id_] for id_ in dict.fromkeys(conclusions))


@attrs.frozen
class _Weighed:
    """The formulas from which the status of a hypothesis is read, and the score by which it is ranked."""

    confirmed: Formula
    excluded: Formula
    probable: Formula
    possible: Formula
    unlikely: Formula
    score: Amount

    @classmethod
    def of(cls, formulas: Formulas, answer: Answer) -> "_Weighed":
        """As ``scores.stand`` does it."""
        base, sheet = formulas.base, formulas.sheet
        scale, worth, cause = base.scale, base.scale.worth, base.causes.get(answer.id)
        true = [(rule, effect, strength, sheet.established(formulas.verdict(rule))) for rule, effect, strength in answer.authored]
        read = definitions_read(base).get(answer.id, frozenset())

        def some(wanted: Effect) -> Formula:
            return sheet.some(holds for _, effect, _, holds in true if effect == wanted)

        met = sheet.some(holds for rule, effect, _, holds in true if effect == "support" and is_definition(rule) and rule.id not in read)
        parts = [_points(sheet, met, worth.criterion), _points(sheet, some("confirm"), worth.confirm)]
        parts.append(_points(sheet, some("exclude"), worth.exclude))
        given = {"support": worth.support, "oppose": worth.oppose} if cause is None else {}
        parts += [
            _points(sheet, holds, given[effect].get(strength or "", 0))
            for rule, effect, strength, holds in true
            if effect in given and not is_definition(rule)
        ]
        tallies = [formulas.tally(profile) for profile in cause.counted] if cause else []
        score = sheet.total([_best(sheet, tallies), *parts])
        for_ = sheet.some((some("support"), *(sheet.every((tally.considered, tally.speaks)) for tally in tallies)))
        against = sheet.some((some("oppose"), *(sheet.every((tally.considered, tally.against)) for tally in tallies)))
        firm = TRUE if cause is None or cause.probable_if is None else sheet.established(formulas.of(cause.probable_if))
        possible = sheet.every((for_, sheet.reaches(score, sheet.amount(scale.line(cause.urgency if cause else "none")))))
        return cls(
            confirmed=some("confirm"),
            excluded=some("exclude"),
            probable=sheet.every((possible, firm, sheet.reaches(score, sheet.amount(scale.probable)))),
            possible=possible,
            unlikely=sheet.every((against, sheet.reaches(sheet.amount(scale.unlikely), score))),
            score=score,
        )

    def status(self, of: Callable[[int], Any]) -> Any:
        """The status, as an expression."""
        return self.choose(of, lambda status: status)

    def choose(self, of: Callable[[int], Any], value: Callable[[Status], Any]) -> Any:
        """What a status stands for, as an expression."""
        import ibis

        return ibis.cases(*((holds, value(status)) for holds, status in self.cases(of)), else_=value("undecided"))

    def cases(self, of: Callable[[int], Any]) -> list[tuple[Any, Status]]:
        """What makes a status, the first that holds deciding; undecided where none does. Of expressions as of planes."""
        conflict = of(self.confirmed) & of(self.excluded)
        steps: list[tuple[Any, Status]] = [(conflict, "undecided"), (of(self.excluded), "excluded"), (of(self.confirmed), "confirmed")]
        return [*steps, (of(self.probable), "probable"), (of(self.possible), "possible"), (of(self.unlikely), "unlikely")]


@attrs.frozen(eq=False)
class Asked:
    """What is asked of a table, as formulas of its columns: plain data that a worker can be sent, and how it is told of a batch."""

    ids: tuple[str, ...]
    kept: tuple[str, ...]
    bad: Formula
    truths: Mapping[str, Formula]
    weighed: Mapping[str, _Weighed]
    raised: Mapping[tuple[str, str], Formula]
    """Of what ranks: empty where single conclusions are asked for."""
    named: Mapping[str, Formula]
    """Whether a flag that somebody wrote names a hypothesis that is probable or confirmed: empty likewise."""
    fired: Mapping[str, tuple[tuple[Formula, str], ...]]
    """The rules of each answer: empty where nothing is to be explained."""

    @property
    def roots(self) -> list[int]:
        """Every formula and amount that is read."""
        weighed = (one for of in self.weighed.values() for one in attrs.astuple(of))
        fired = (holds for of in self.fired.values() for holds, _ in of)
        return [self.bad, *self.truths.values(), *self.raised.values(), *self.named.values(), *fired, *weighed]

    def pressing(self, hypothesis: str) -> list[tuple[Formula, int]]:
        """Whether a red flag presses for a hypothesis, by urgency; a flag of less urgency only where points agree."""
        pressing = [(self.raised[hypothesis, one], URGENCIES.index(one)) for one in PRESSING if (hypothesis, one) in self.raised]
        return [*pressing, *([(self.named[hypothesis], len(PRESSING))] if hypothesis in self.named else [])]

    def told(self, found: "Found") -> "pa.RecordBatch":
        """A row for every row of a batch, a column for every conclusion; words by their numbers in a dictionary."""
        import pyarrow as pa

        bad = found.holds(self.bad)
        good = found.opposite(bad)
        status = {
            name: found.first([(plane, STATUSES.index(word)) for plane, word in one.cases(found.holds)], STATUSES.index("undecided"))
            for name, one in self.weighed.items()
        }
        made = {name: found.column(name) for name in self.kept} | {"rejected": found.told(bad, found.ones)}
        if self.raised:
            raised = [(found.holds(self.raised["", urgency]), code) for code, urgency in enumerate(URGENCIES)]
            made["urgency"] = found.worded(found.codes(found.first(raised, len(URGENCIES))), (*URGENCIES, "none"), good)
            names = sorted(self.weighed)
            first = found.foremost(self._ranked(found, good, status), len(FIRST))
            made |= {
                place: found.worded(keys % max(len(names), 1) * known, names, there)
                for place, (keys, known, there) in zip(FIRST, first, strict=True)
            }
        for id_ in self.ids:
            if id_ in self.weighed:
                made[id_] = found.worded(found.codes(status[id_]), STATUSES, good)
            else:
                true, may = found.holds(self.truths[id_]), found.may(self.truths[id_])
                made[id_] = found.told(true, good & (true | found.opposite(may)))
            if id_ in self.fired:
                made[f"rules.{id_}"] = found.named([(found.holds(formula), rule) for formula, rule in self.fired[id_]], good)
        return pa.RecordBatch.from_arrays(list(made.values()), names=list(made))

    def _ranked(self, found: "Found", good: "Plane", status: Mapping[str, "Whole"]) -> Iterator[tuple[Any, Any]]:
        """For each hypothesis the rows in which something speaks for it, and one number for each that holds all that ranks it."""
        names = sorted(self.weighed)
        for number, name in enumerate(names):
            pressing = [(found.holds(formula), code) for formula, code in self.pressing(name)]
            spoken = found.opposite(found.reaches(status[name], (STATUSES.index("possible") + 1, ())))
            for plane, _ in pressing:
                spoken = found.either(spoken, plane)
            if (rows := found.where(found.both(spoken, good))).size:
                of = self.weighed[name]
                pressed = found.integers(found.first(pressing, len(URGENCIES)), rows)
                settled = found.integers(found.first([(plane, GROUPS.get(word, 1)) for plane, word in of.cases(found.holds)], 1), rows)
                place = (pressed * 3 + settled) * 2 * LARGEST_SCORE + LARGEST_SCORE - found.amount(of.score, rows)
                yield rows, (place * len(STATUSES) + found.integers(status[name], rows)) * len(names) + number


@attrs.frozen(eq=False)
class _Faults:
    """What is wrong with the rows, a row for each fault."""

    flaws: tuple[Flaw, ...]

    def told(self, found: "Found") -> "pa.RecordBatch":
        import pyarrow as pa

        who = found.column(WHO)
        rows = [
            (person, flaw.where, flaw.what)
            for flaw in self.flaws
            for person in who.take(found.where(found.holds(flaw.formula))).to_pylist()
        ]
        columns = zip(*rows, strict=True) if rows else ((), (), ())
        return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], names=["person", "column", "fault"])


@attrs.frozen(eq=False)
class _Counts:
    """In how many rows each formula holds, a row for each formula."""

    formulas: tuple[Formula, ...]

    def told(self, found: "Found") -> "pa.RecordBatch":
        import pyarrow as pa

        people = [found.count(found.holds(formula)) for formula in self.formulas]
        columns = [pa.array(numbers, pa.int64()) for numbers in (self.formulas, people)]
        return pa.RecordBatch.from_arrays(columns, names=["formula", "people"])


WHO = "who. text"
"""The person as text, while faults are listed."""
BEST = "key. best"
"""A column that is there while ranking."""


def _points(sheet: Sheet, holds: Formula, points: int) -> Amount:
    """Points where a two-valued formula holds, else none."""
    return sheet.where(holds, sheet.amount(points), sheet.amount(0))


def _best(sheet: Sheet, tallies: Sequence[Tally]) -> Amount:
    """The score of the best profile that is considered, none where none is."""
    best, any_ = sheet.amount(-LARGEST_SCORE), sheet.some(tally.considered for tally in tallies)
    for tally in tallies:
        best = sheet.larger(best, sheet.where(tally.considered, tally.low, sheet.amount(-LARGEST_SCORE)))
    return sheet.where(any_, best, sheet.amount(0))


LARGEST_SCORE = 1000
"""More points than any cause collects, for or against."""
FIRST = ("leading", "second", "third")
"""The columns of the hypotheses that rank first, if anything speaks for them."""

# --- tables ------------------------------------------------------------------------------------------------------------


@attrs.frozen
class Missing:
    """A finding that is not known of so many people, of so many for whom a conclusion is undecided."""

    conclusion: str
    finding: str
    people: int
    undecided: int


def evaluate_cohort(
    table: Any,
    base: KnowledgeBase,
    *,
    conclusions: Sequence[str] | None = None,
    explain: bool = False,
    person: str = "person",
    keep: Sequence[str] = (),
    backend: Backend = "polars",
    dates: Dates = "ISO",
) -> Any:
    """As ``mps_rules.evaluate_cohort``."""
    with understood(table):
        source, give_back = opened(table, backend)
        wide = pivoted(source, base, person, dates)[0] if is_long(source) else source
        cohort = laid(base, kinds_of(wide), person, keep)
        if source is table:
            made = cohort.evaluated(wide, conclusions, explain=explain)
            return made if wide is source else made.order_by(person)
        return give_back(cohort.told(wide if wide is source else wide.order_by(person), conclusions, explain=explain))


def rejects(
    table: Any,
    base: KnowledgeBase,
    *,
    person: str = "person",
    keep: Sequence[str] = (),
    backend: Backend = "polars",
    dates: Dates = "ISO",
) -> Any:
    """
    What cannot be read, a row for each fault: the person as text, the column, the fault.

    In a wide table the whole row is set aside; of a long one, what is said in that row.

    >>> import polars as pl
    >>> from mps_rules import load
    >>> rejects(pl.DataFrame({"person": [1, 2], "age_years": [46, 460]}), load()).rows()
    [('2', 'age_years', 'lies outside 0 to 120 years')]

    Raises:
        FindingError: as ``evaluate_cohort``.

    """
    with understood(table):
        source, give_back = opened(table, backend)
        wide, unread = pivoted(source, base, person, dates) if is_long(source) else (source, None)
        cohort = laid(base, kinds_of(wide), person, keep if unread is None else ())
        return give_back(cohort.rejects(wide, unread) if source is table else cohort.faults(wide, unread))


def missing(
    table: Any,
    base: KnowledgeBase,
    conclusions: Sequence[str],
    *,
    person: str = "person",
    keep: Sequence[str] = (),
    backend: Backend = "polars",
    dates: Dates = "ISO",
) -> tuple[Missing, ...]:
    """
    Which finding that nobody asked for leaves how many people undecided, by conclusion, most people first.

    ``pain`` stands for the pain map, ``exam`` for the examination of muscles.

    >>> import polars as pl
    >>> from mps_rules import load
    >>> missing(pl.DataFrame({"person": [1, 2], "symptoms_similar_3_months": [True, None]}), load(), ["fm_acr_2010"])[-1]
    Missing(conclusion='fm_acr_2010', finding='symptoms_similar_3_months', people=1, undecided=2)

    Raises:
        FindingError: as ``evaluate_cohort``.

    """
    with understood(table):
        source, _ = opened(table, backend)
        wide = pivoted(source, base, person, dates)[0] if is_long(source) else source
        return laid(base, kinds_of(wide), person, keep).missing(wide, conclusions)


def listed(result: Any, *, person: str = "person", keep: Sequence[str] = ()) -> Any:
    """
    What was concluded, a row for each person and conclusion: person, conclusion, status.

    The status is true, false or unknown; of a hypothesis its own. ``keep``: the columns that were carried along, and still are.
    Rejected rows are left out: ``rejects`` lists them.

    >>> import polars as pl
    >>> from mps_rules import load
    >>> rows = pl.DataFrame({"person": [1, 2], "saddle_anaesthesia": [True, None]})
    >>> found = evaluate_cohort(rows, load(), conclusions=["rf_cauda_equina"])
    >>> listed(found).sort("person").rows()
    [(1, 'rf_cauda_equina', 'true'), (2, 'rf_cauda_equina', 'unknown')]
    """
    import ibis

    source, give_back = opened(result)
    kinds = source.schema()
    texts = {
        name: (
            ibis.cases((source[name], "true"), (~source[name], "false"), else_="unknown")
            if kinds[name].is_boolean()
            else source[name].fill_null("unknown")
        )
        for name in source.columns
        if name not in (person, *keep, "rejected")
        and not name.startswith("rules.")
        and (kinds[name].is_boolean() or kinds[name].is_string())
    }
    good = source.filter(~source["rejected"]).select(*dict.fromkeys((person, *keep)), **texts)
    return give_back(good.pivot_longer(list(texts), names_to="conclusion", values_to="status"))


KEPT = 4
"""So many sets of columns, and questions of each, are kept laid out and compiled."""


def laid(base: KnowledgeBase, columns: Mapping[str, Kind], person: str, keep: Sequence[str]) -> "Cohort":
    """
    The rules laid over columns, once for the same rules and columns.

    Raises:
        FindingError: as ``Cohort``.

    """
    return _laid(base, tuple(columns.items()), person, tuple(keep))


@lru_cache(maxsize=KEPT)
def _laid(base: KnowledgeBase, columns: tuple[tuple[str, Kind], ...], person: str, keep: tuple[str, ...]) -> "Cohort":
    return Cohort(base, dict(columns), person, keep)


class Cohort:
    """
    Rules laid over the columns of a table, and what may be asked of any table with these columns.

    Raises:
        FindingError: columns that are no address of a finding, or of the wrong kind; all of them.

    """

    def __init__(self, base: KnowledgeBase, columns: Mapping[str, Kind], person: str, keep: Sequence[str]) -> None:
        absent = [name for name in (person, *keep) if name not in columns]
        if absent:
            raise FindingError([Fault(name, "no such column", closest(name, columns)) for name in absent])
        self.base, self.person, self.kept = base, person, tuple(dict.fromkeys((person, *keep)))
        self.kinds = {name: kind for name, kind in columns.items() if name not in self.kept}
        self.formulas = Formulas(base, self.kinds)
        nobody = Flaw(self.formulas.sheet.cell("vacant", person, two_valued=True), person, "nobody is named")
        self.flaws = [flaw for flaw in (nobody, *self.formulas.flaws()) if flaw.formula not in (FALSE, UNKNOWN)]
        self._kernels: dict[tuple[tuple[str, ...] | None, bool], tuple[Asked, Kernel]] = {}
        self.bad = self.formulas.sheet.some(flaw.formula for flaw in self.flaws)
        self._writing = RLock()
        """Held while formulas are written: a cohort is kept, and asked from several threads."""

    def asked(self, conclusions: Sequence[str] | None, *, explain: bool) -> Asked:
        """
        What is asked, laid over the columns.

        Raises:
            FindingError: conclusions that name nothing, or a carried column that is called as one of the result.

        """
        formulas, sheet = self.formulas, self.formulas.sheet
        asked = answers(self.base, conclusions)
        own = {"rejected", BEST, *(one.id for one in asked), *(f"rules.{one.id}" for one in asked if explain)}
        if conclusions is None:
            own |= {"urgency", *FIRST, *(f"key.{one.id}" for one in asked if one.arguments)}
        if taken := [name for name in self.kept if name in own]:
            raise FindingError([Fault(name, "is the name of a column of the result; give the table's own another") for name in taken])
        with self._writing:
            holds = {rule.id: sheet.established(formulas.verdict(rule)) for one in asked for rule in one.rules} if explain else {}
            weighed = {one.id: _Weighed.of(formulas, one) for one in asked if one.arguments}
            return Asked(
                ids=tuple(one.id for one in asked),
                kept=self.kept,
                bad=self.bad,
                truths={one.id: sheet.some(formulas.verdict(rule) for rule in one.rules) for one in asked if not one.arguments},
                weighed=weighed,
                raised=self._raised() if conclusions is None else {},
                named=self._named(weighed) if conclusions is None else {},
                fired={one.id: tuple((holds[rule.id], rule.id) for rule in one.rules) for one in asked if explain},
            )

    def told(self, source: Table, conclusions: Sequence[str] | None, *, explain: bool) -> "pa.Table":
        """A row for every row, a column for every conclusion, worked out in batches of Arrow; words by their numbers in a dictionary."""
        asked, kernel = self.compiled(conclusions, explain=explain)
        return self._worked(source, kernel, asked)

    def compiled(self, conclusions: Sequence[str] | None, *, explain: bool) -> tuple[Asked, "Kernel"]:
        """What is asked, and the kernel that works it out; kept for the next table with these columns."""
        from mps_rules.population.kernel import Kernel

        key = None if conclusions is None else tuple(conclusions), explain
        with self._writing:
            if key not in self._kernels:
                asked = self.asked(conclusions, explain=explain)
                while len(self._kernels) >= KEPT:
                    del self._kernels[next(iter(self._kernels))]
                self._kernels[key] = asked, Kernel(self.formulas.sheet, asked.roots, self.formulas.columns)
            return self._kernels[key]

    def _read(self, source: Table, kernel: "Kernel", **others: Any) -> Table:
        """The columns that a kernel reads, those carried along, and others."""
        return source.select(**{name: source[name] for name in (*self.kept, *kernel.columns)}, **others)

    def _worked(self, source: Table, kernel: "Kernel", teller: "Teller", **others: Any) -> "pa.Table":
        """What is told of a table, batch by batch; of one of Spark by its workers, that none of its rows are brought here."""
        import pyarrow as pa

        from mps_rules.population.kernel import ROWS, gathered
        from mps_rules.population.workers import brought, lives_on_spark

        read = self._read(source, kernel, **others)
        if lives_on_spark(source):
            return brought(read, kernel, teller)
        reader = read.to_pyarrow_batches(chunk_size=ROWS)
        return pa.Table.from_batches(teller.told(kernel.over(batch)) for batch in gathered(reader, reader.schema))

    def evaluated(self, source: Table, conclusions: Sequence[str] | None, *, explain: bool) -> Table:
        """
        The same as a table of ibis that is not worked out yet: of Spark what its workers will tell, of others every formula as an expression.

        The expressions stay for one release, as the oracle that the kernel is tested against.
        """
        from mps_rules.population.workers import lives_on_spark, viewed

        if lives_on_spark(source):
            asked, kernel = self.compiled(conclusions, explain=explain)
            return viewed(self._read(source, kernel), kernel, asked)
        return self.expressed(source, conclusions, explain=explain)

    def expressed(self, source: Table, conclusions: Sequence[str] | None, *, explain: bool) -> Table:
        """The same, every formula as an expression of ibis."""
        import ibis

        asked = self.asked(conclusions, explain=explain)
        bad, truths, weighed, raised, fired = asked.bad, asked.truths, asked.weighed, asked.raised, asked.fired
        table, of = Projections(self.formulas.sheet, asked.roots, self.formulas.columns).columns(source, self.kept)
        made: dict[str, Any] = {}
        if conclusions is None:
            made["urgency"] = ibis.cases(*((of(raised["", urgency]), urgency) for urgency in URGENCIES), else_="none")
            made |= dict.fromkeys(FIRST, ibis.null("string"))
        for one in asked.ids:
            made[one] = weighed[one].status(of) if one in weighed else of(truths[one])
            if explain:
                texts = [of(holds).ifelse(f"{rule} ", "") for holds, rule in fired[one]]
                made[f"rules.{one}"] = stripped(balanced(texts, lambda a, b: a + b))
        made = {name: of(bad).ifelse(None, value) for name, value in made.items()}
        keys = {f"key.{name}": of(bad).ifelse(None, key) for name, key in self._keys(of, asked)} if conclusions is None else {}
        told = table.select(*self.kept, rejected=of(bad), **made, **keys)
        return _ranked(told, sorted(weighed), list(keys)).drop(*keys) if keys else told

    def _raised(self) -> dict[tuple[str, str], Formula]:
        """Whether a red flag of an urgency is raised, by what it suspects; and any at all, by no suspect."""
        found: dict[tuple[str, str], list[Formula]] = {("", urgency): [] for urgency in URGENCIES}
        for rule in self.base.rules:
            if rule.alert:
                holds = self.formulas.sheet.established(self.formulas.verdict(rule))
                for suspect in ("", rule.alert.condition):
                    found.setdefault((suspect, rule.alert.urgency), []).append(holds)
        return {key: self.formulas.sheet.some(of) for key, of in found.items()}

    def _named(self, weighed: Mapping[str, _Weighed]) -> dict[str, Formula]:
        """Whether a flag that somebody wrote is raised for a hypothesis that is probable or confirmed."""
        sheet = self.formulas.sheet
        found: dict[str, list[Formula]] = {}
        for rule in self.base.rules:
            if rule.alert and not rule.alert.graded and not rule.open_alert and rule.alert.condition in weighed:
                found.setdefault(rule.alert.condition, []).append(sheet.established(self.formulas.verdict(rule)))
        return {
            id_: sheet.every((sheet.some(of), sheet.some((one.probable, one.confirmed)), sheet.negation(one.excluded)))
            for id_, of in found.items()
            for one in (weighed[id_],)
        }

    def _keys(self, of: Callable[[int], Any], asked: Asked) -> Iterator[tuple[str, Any]]:
        """For each hypothesis one number that holds all that ranks it, the smallest first; null where nothing speaks for it."""
        import ibis

        names = sorted(asked.weighed)
        for number, name in enumerate(names):
            one = asked.weighed[name]
            pressing = [(of(formula), code) for formula, code in asked.pressing(name)]
            pressed = ibis.cases(*pressing, else_=len(URGENCIES)) if pressing else ibis.literal(len(URGENCIES))
            status = one.choose(of, STATUSES.index)
            settled = one.choose(of, lambda word: GROUPS.get(word, 1))
            place = (pressed.cast("int64") * 3 + settled) * 2 * LARGEST_SCORE + LARGEST_SCORE - of(one.score).cast("int64")
            key = (place * len(STATUSES) + status) * len(names) + number
            spoken_for = (pressed < len(URGENCIES)) | (status <= STATUSES.index("possible"))
            yield name, spoken_for.ifelse(key, None)

    def faults(self, source: Table, unread: "Table | None" = None) -> "pa.Table":
        """A row for every fault of every row that cannot be read, and for what could not be read before."""
        import pyarrow as pa

        faults = self._worked(source, self._flawed(), _Faults(tuple(self.flaws)), **{WHO: source[self.person].cast("string")})
        made = [faults] if unread is None else [faults, unread.to_pyarrow().cast(faults.schema)]
        return pa.concat_tables(made).sort_by([(name, "ascending") for name in faults.schema.names])

    def _flawed(self) -> "Kernel":
        """Whatever is wrong with a row, each by itself."""
        from mps_rules.population.kernel import Kernel

        with self._writing:
            return Kernel(self.formulas.sheet, [flaw.formula for flaw in self.flaws], self.formulas.columns)

    def rejects(self, source: Table, unread: "Table | None" = None) -> Table:
        """The same as a table of ibis that is not worked out yet."""
        from mps_rules.population.workers import lives_on_spark, viewed

        if lives_on_spark(source):
            kernel = self._flawed()
            read = self._read(source, kernel, **{WHO: source[self.person].cast("string")})
            faults = viewed(read, kernel, _Faults(tuple(self.flaws)))
        else:
            faults = self.faults_expressed(source)
        return (faults if unread is None else faults.union(unread)).order_by("person", "column", "fault")

    def faults_expressed(self, source: Table) -> Table:
        """The same in no order, every formula as an expression of ibis."""
        import ibis

        roots = [flaw.formula for flaw in self.flaws]
        table, of = Projections(self.formulas.sheet, [self.bad, *roots], self.formulas.columns).columns(source, self.kept)
        table = table.filter(of(self.bad))
        counts = _counted(table, [of(root) for root in roots])
        who = table[self.person].cast("string")
        happen = [flaw for flaw, count in zip(self.flaws, counts, strict=True) if count] or self.flaws[:1]
        return ibis.union(
            *(
                table.filter(of(flaw.formula)).select(person=who, column=ibis.literal(flaw.where), fault=ibis.literal(flaw.what))
                for flaw in happen
            )
        )

    def missing(self, source: Table, conclusions: Sequence[str]) -> tuple[Missing, ...]:
        """For each conclusion, what is not known of how many of those for whom it is undecided; most people first."""
        from mps_rules.population.kernel import Kernel

        sheet = self.formulas.sheet
        waits: dict[tuple[str, str], Formula] = {}
        undecided: dict[str, Formula] = {}
        with self._writing:
            good = sheet.negation(self.bad)
            for answer in answers(self.base, conclusions):
                verdict = sheet.some(self.formulas.verdict(rule) for rule in answer.rules)
                undecided[answer.id] = sheet.every((good, sheet.negation(sheet.settled(verdict))))
                for finding, formula in self.formulas.waiting([rule.when for rule in answer.rules], undecided[answer.id]).items():
                    waits[answer.id, finding] = formula
            kernel = Kernel(sheet, (*undecided.values(), *waits.values()), self.formulas.columns)
        people = Counter[Formula]()
        for row in self._worked(source, kernel, _Counts(tuple(kernel.roots))).to_pylist():
            people[row["formula"]] += row["people"]
        counted = [
            Missing(id_, finding, people[formula], people[undecided[id_]]) for (id_, finding), formula in waits.items() if people[formula]
        ]
        return tuple(sorted(counted, key=lambda one: (one.conclusion, -one.people, one.finding)))


def _ranked(table: Table, names: Sequence[str], keys: Sequence[str]) -> Table:
    """The names of the hypotheses that rank first, by the smallest of the numbers that rank them."""
    import ibis

    label, best = ibis.array(names), BEST
    for place, column in enumerate(FIRST):
        left = [table[key] if not place else (table[key] > table[best]).ifelse(table[key], None) for key in keys]
        table = table.mutate(**{best: ibis.least(*left) if len(left) > 1 else left[0]})
        number = (table[best].fill_null(0) % len(names)).cast(
            "int32"
        )  # Spark counts in 32 bits, and takes the element of an array for never null
        table = table.mutate(**{column: table[best].notnull().ifelse(label[number], ibis.null("string"))})
    return table.drop(best)


def _counted(table: Table, truths: Sequence[Any]) -> list[int]:
    """In how many rows each of these holds."""
    sums = {f"_{number}": truth.cast("int64").sum() for number, truth in enumerate(truths)}
    return [int(count or 0) for count in table.aggregate(**sums).to_pyarrow().to_pylist()[0].values()] if sums else []
