"""
Many patients at once: the rules as columns of a table, through ibis, on Polars, DuckDB or PySpark.

A row is a patient, a missing cell is not known, and Kleene's logic is SQL's own. Only what the asked conclusions rest on is computed.
A row that ``evaluate`` would refuse is marked and concludes nothing; it is never dropped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

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

        conflict = of(self.confirmed) & of(self.excluded)
        steps: list[tuple[Any, Status]] = [(conflict, "undecided"), (of(self.excluded), "excluded"), (of(self.confirmed), "confirmed")]
        steps += [(of(self.probable), "probable"), (of(self.possible), "possible"), (of(self.unlikely), "unlikely")]
        return ibis.cases(*((holds, value(status)) for holds, status in steps), else_=value("undecided"))


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
        if not is_long(source):
            return give_back(Cohort(base, kinds_of(source), person, keep).evaluated(source, conclusions, explain=explain))
        wide, _ = pivoted(source, base, person, dates)
        return give_back(Cohort(base, kinds_of(wide), person, keep).evaluated(wide, conclusions, explain=explain).order_by(person))


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
        if not is_long(source):
            return give_back(Cohort(base, kinds_of(source), person, keep).rejects(source))
        wide, unread = pivoted(source, base, person, dates)
        return give_back(unread.union(Cohort(base, kinds_of(wide), person, ()).rejects(wide)).order_by("person", "column", "fault"))


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
        return Cohort(base, kinds_of(wide), person, keep).missing(wide, conclusions)


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

    def evaluated(self, source: Table, conclusions: Sequence[str] | None, *, explain: bool) -> Table:
        """A row for every row, a column for every conclusion."""
        import ibis

        formulas, sheet = self.formulas, self.formulas.sheet
        asked = answers(self.base, conclusions)
        bad = sheet.some(flaw.formula for flaw in self.flaws)
        truths = {one.id: sheet.some(formulas.verdict(rule) for rule in one.rules) for one in asked if not one.arguments}
        weighed = {one.id: _Weighed.of(formulas, one) for one in asked if one.arguments}
        raised = self._raised() if conclusions is None else {}
        fired = {rule.id: sheet.established(formulas.verdict(rule)) for one in asked for rule in one.rules} if explain else {}
        roots = [bad, *truths.values(), *raised.values(), *fired.values(), *(x for w in weighed.values() for x in attrs.astuple(w))]
        table, of = Projections(sheet, roots, self.formulas.columns).columns(source, self.kept)
        made: dict[str, Any] = {}
        if conclusions is None:
            made["urgency"] = ibis.cases(*((of(raised["", urgency]), urgency) for urgency in URGENCIES), else_="none")
            made |= dict.fromkeys(FIRST, ibis.null("string"))
        for one in asked:
            made[one.id] = weighed[one.id].status(of) if one.arguments else of(truths[one.id])
            if explain:
                texts = [of(fired[rule.id]).ifelse(f"{rule.id} ", "") for rule in one.rules]
                made[f"rules.{one.id}"] = stripped(balanced(texts, lambda a, b: a + b))
        own = {*made, "rejected", BEST, *(f"key.{name}" for name in weighed if conclusions is None)}
        if taken := [name for name in self.kept if name in own]:
            raise FindingError([Fault(name, "is the name of a column of the result; give the table's own another") for name in taken])
        made = {name: of(bad).ifelse(None, value) for name, value in made.items()}
        keys = {f"key.{name}": of(bad).ifelse(None, key) for name, key in self._keys(of, raised, weighed)} if conclusions is None else {}
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

    def _keys(
        self, of: Callable[[int], Any], raised: Mapping[tuple[str, str], Formula], weighed: Mapping[str, _Weighed]
    ) -> Iterator[tuple[str, Any]]:
        """For each hypothesis one number that holds all that ranks it, the smallest first; null where nothing speaks for it."""
        import ibis

        names = sorted(weighed)
        for number, name in enumerate(names):
            one = weighed[name]
            pressing = [(of(raised[name, urgency]), URGENCIES.index(urgency)) for urgency in PRESSING if (name, urgency) in raised]
            pressed = ibis.cases(*pressing, else_=len(URGENCIES)) if pressing else ibis.literal(len(URGENCIES))
            status = one.choose(of, STATUSES.index)
            settled = one.choose(of, lambda word: GROUPS.get(word, 1))
            place = (pressed.cast("int64") * 3 + settled) * 2 * LARGEST_SCORE + LARGEST_SCORE - of(one.score).cast("int64")
            key = (place * len(STATUSES) + status) * len(names) + number
            spoken_for = (pressed < len(URGENCIES)) | (status <= STATUSES.index("possible"))
            yield name, spoken_for.ifelse(key, None)

    def rejects(self, source: Table) -> Table:
        """A row for every fault of every row that cannot be read."""
        import ibis

        roots = [flaw.formula for flaw in self.flaws]
        bad = self.formulas.sheet.some(roots)
        table, of = Projections(self.formulas.sheet, [bad, *roots], self.formulas.columns).columns(source, self.kept)
        table = table.filter(of(bad))
        counts = _counted(table, [of(root) for root in roots])
        who = table[self.person].cast("string")
        happen = [flaw for flaw, count in zip(self.flaws, counts, strict=True) if count] or self.flaws[:1]
        faults = (
            table.filter(of(flaw.formula)).select(person=who, column=ibis.literal(flaw.where), fault=ibis.literal(flaw.what))
            for flaw in happen
        )
        return ibis.union(*faults).order_by("person", "column", "fault")

    def missing(self, source: Table, conclusions: Sequence[str]) -> tuple[Missing, ...]:
        """For each conclusion, what is not known of how many of those for whom it is undecided; most people first."""
        sheet = self.formulas.sheet
        good = sheet.negation(sheet.some(flaw.formula for flaw in self.flaws))
        waits: dict[tuple[str, str], Formula] = {}
        undecided: dict[str, Formula] = {}
        for answer in answers(self.base, conclusions):
            verdict = sheet.some(self.formulas.verdict(rule) for rule in answer.rules)
            undecided[answer.id] = sheet.every((good, sheet.negation(sheet.settled(verdict))))
            for finding, formula in self.formulas.waiting([rule.when for rule in answer.rules], undecided[answer.id]).items():
                waits[answer.id, finding] = formula
        asked = [formula for formula in dict.fromkeys((*undecided.values(), *waits.values())) if formula != FALSE]
        table, of = Projections(sheet, asked, self.formulas.columns).columns(source, self.kept)
        people = {FALSE: 0, **dict(zip(asked, _counted(table, [of(formula) for formula in asked]), strict=True))}
        found = [
            Missing(id_, finding, people[formula], people[undecided[id_]]) for (id_, finding), formula in waits.items() if people[formula]
        ]
        return tuple(sorted(found, key=lambda one: (one.conclusion, -one.people, one.finding)))


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
