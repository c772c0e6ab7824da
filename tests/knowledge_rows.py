"""
Every row of the knowledge files, and where it is at work in the rules: what is not used is named, with its reason.

The rules were written from a folder of facts that lies beside this checkout. ``tests/knowledge_reasons.yaml`` says where a row lives
that no reader below finds, and why a row is left out. ``python tests/knowledge_rows.py ../shared/knowledge > docs/knowledge.md``
"""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import yaml

import flag_pictures
from mps_rules.authoring.manifest import concluded, reading_of, reads, written_rules
from mps_rules.authoring.vignettes import cell
from mps_rules.knowledge.loading import load_folders
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.packaged import packaged_rules
from mps_rules.knowledge.rules import CriterionMet, Rule
from mps_rules.language import conditions as c
from mps_rules.patient.facts import terrain_of
from mps_rules.patient.forms import look_up

REASONS = Path(__file__).with_name("knowledge_reasons.yaml")
KEYS = {
    "pain_regions": "the key pain",
    "pain_side": "the key pain",
    "examined_muscle": "the key exam",
    "examined_side": "the key exam",
    "prior_label": "the key labels",
}
"""Terms that a chart carries in its structure."""
SIGNS = {">=": "at_least", ">": "above", "<=": "at_most", "<": "below"}


@attrs.frozen
class Row:
    """A row of a file, or a part of one (a field, an item), and where it is at work; empty: nowhere that a reader finds."""

    file: str
    id: str
    home: str
    part: bool = False

    @property
    def name(self) -> str:
        """The row with its file, as the reasons name it."""
        return f"{self.file.partition('.')[0]}.{self.id}"


@attrs.frozen
class Account:
    """All rows, the homes and reasons given for those that no reader finds, and what is wrong with those."""

    rows: tuple[Row, ...]
    homes: Mapping[str, str]
    reasons: Mapping[str, str]
    faults: tuple[str, ...]
    flags: tuple[flag_pictures.Judged, ...] = ()

    def home(self, row: Row) -> str:
        """Where a row is at work."""
        return row.home or self.homes.get(row.name, "")


@attrs.frozen
class Weighed:
    """A profile of a cause as it is written: its prior, and its cues with their points."""

    prior: int | None
    cues: frozenset[tuple[str, int]]


class Pack:
    """The rules, asked where a fact is at work."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base, self.words, self.written = base, base.vocabulary, written_rules(base)
        self.reading = reading_of(base)
        self.judged: dict[Path, tuple[flag_pictures.Judged, ...]] = {}
        self.named = {id_.partition(".")[2]: id_ for id_ in self.written}
        terrain = terrain_of(base)
        self.texts = {
            id_: _plain(
                " ".join(f"{rule.summary} {rule.limits} {' '.join(concluded(one, terrain) for one in rule.then)}" for rule in rules)
            )
            for id_, rules in self.written.items()
        }

    def flags(self, path: Path) -> tuple[flag_pictures.Judged, ...]:
        """The second part of the red flags as the rules judge their pictures."""
        if path not in self.judged:
            self.judged[path] = tuple(flag_pictures.judged(self.base, _yaml(path)["red_flags"]))
        return self.judged[path]

    def profiles(self, cause: str) -> tuple[Weighed, ...]:
        """The profiles of a cause, as its file writes them."""
        written = _yaml(Path(self.base.folders[0]) / self.base.causes[cause].source)
        return tuple(Weighed(one["prior"], frozenset(map(_weighed, _cues(one["cues"])))) for one in written["profiles"])

    def finds(self, word: str, id_: str) -> bool:
        """Whether a search for a word finds the entry of that id."""
        looked = look_up(self.base, word)
        return looked.whole and any(hit.entry.id == id_ for hit in looked.hits)

    def rule(self, name: str) -> str:
        """The written rule of that name, on whichever shelf."""
        return f"rule {self.named[name]}" if name in self.named else ""

    def saying(self, text: str) -> str:
        """The first rule that says a text."""
        return next((f"rule {id_}" for id_, said in self.texts.items() if _plain(text) in said), "")

    def read(self, rules: Iterable[Rule]) -> frozenset[str]:
        """Everything on which these rules rest: findings, and the conclusions that they name."""
        found: frozenset[str] = frozenset()
        for rule in rules:
            found |= reads(rule.when, rule.then, self.words) | {one.id for one in c.walk(rule.when) if isinstance(one, c.Derived)}
        return found

    def bounded(self, test: str, rules: Iterable[Rule]) -> bool:
        """Whether rules read a finding with this bound ("age_years >= 50") or word ("onset_mode = sudden"); one without any is."""
        term, _, bound = test.partition(" ")
        if not bound:
            return True
        sign, _, value = bound.partition(" ")
        leaves = [leaf for rule in rules for leaf in c.walk(rule.when)]
        if sign == "=":
            return any(isinstance(leaf, c.Words) and leaf.term == term and value in leaf.values for leaf in leaves)
        return any(isinstance(leaf, c.Compare) and leaf.term == term and leaf.bounds().get(SIGNS[sign]) == float(value) for leaf in leaves)

    def reading_rule(self, name: str, finding: str) -> str:
        """The rule of that name, if it reads the finding."""
        return self.rule(name) if name in self.named and finding in self.read(self.written[self.named[name]]) else ""


Reader = Callable[[Path, Pack], Iterator[Row]]


# --- readers, one for each file ---------------------------------------------------------------------------------------


def red_flags(path: Path, pack: Pack) -> Iterator[Row]:
    data = _yaml(path)
    for rule in data["general_rules"]:
        yield Row(path.name, rule["id"], "")
    for id_ in data["evidence"]:
        yield Row(path.name, id_, "")
    for flag in data["red_flags"]:
        id_ = flag["id"]
        home = f"rule safety.{id_}" if f"safety.{id_}" in pack.written else ""
        yield Row(path.name, id_, home)
        rules = pack.written.get(f"safety.{id_}", ())
        read = pack.read(rules)
        alert = rules[0].alert if rules else None
        tests = [one for key in ("when", "plus", "alternative") for one in _tests(flag.get(key))]
        parts: dict[str, object] = {one: one.split()[0] in read and pack.bounded(one, rules) for one in tests}
        for key, told in (("target", alert and alert.condition), ("urgency", alert and alert.urgency)):
            parts[key] = told == flag[key]
        parts["region"] = alert and set(_list(flag["region"])) <= set(alert.regions)
        if "act_within" in flag:
            said = _plain(f"{alert.act_within} {alert.action} {alert.meanwhile}") if alert else ""
            parts["act_within"] = all(_plain(one).removesuffix(" meanwhile") in said for one in flag["act_within"].split(","))
        parts["refs"] = rules and set(flag["refs"]) <= set(rules[0].evidence.references)
        if "criterion" in flag:
            parts["criterion"] = flag["criterion"] in read
        yield from (Row(path.name, f"{id_}.{part}", home if there else "", part=True) for part, there in parts.items())


def criteria(path: Path, pack: Pack) -> Iterator[Row]:
    concluding = {
        x.id: (id_, rules) for id_, rules in pack.written.items() for rule in rules for x in rule.then if isinstance(x, CriterionMet)
    }
    clues = {clue.finding: set(clue.muscles) for clue in pack.base.clues}
    arguing = [rule for rule in pack.base.rules if any(getattr(x, "hypothesis", "") == "myofascial_pain" for x in rule.then)]
    for criterion in _yaml(path)["criteria"]:
        id_ = criterion["id"]
        own, rules = concluding.get(id_, ("", ()))
        yield Row(path.name, id_, f"rule {own}" if own else "")
        shown = {item.id for rule in rules for item in c.walk(rule.when) if isinstance(item, c.Item)}
        if criterion["target"] not in ("score", "contrast", "caution", "candidate_muscles"):
            for item in _items(criterion):
                yield Row(path.name, f"{id_}.{item}", f"rule {own}" if item in shown else "", part=True)
        for clue in criterion.get("clues", ()):
            used = set(clue["muscles"]) <= clues.get(clue["term"], set())
            yield Row(path.name, f"{id_}.{clue['term']}", "referral/clues.yaml" if used else "", part=True)
        if id_ == "mps_supporting_findings":
            for term in [item["term"] for key in ("items", "against") for item in criterion[key]]:
                rule = next((rule.id for rule in arguing if term in pack.read([rule])), "")
                yield Row(path.name, f"{id_}.{term}", f"rule {rule}" if rule else "", part=True)
        for contrast in criterion.get("rows", ()):
            yield Row(path.name, f"{id_}.{contrast['feature'].replace(' ', '_')}", "", part=True)


def _items(criterion: Mapping[str, Any]) -> Iterator[str]:
    lists = [criterion.get(key, ()) for key in ("items", "major", "minor", "branches")]
    lists += [criterion[key]["items"] for key in ("essential", "confirmatory") if key in criterion]
    yield from (item["id"] for one in lists for item in one if "id" in item)


def labels(path: Path, pack: Pack) -> Iterator[Row]:
    data = _yaml(path)
    for id_ in data["general"]:
        yield Row(path.name, f"general.{id_}", "")
    for label in data["labels"]:
        id_ = label["id"]
        row = pack.words.diagnoses.get(id_)
        home = f"diagnosis {id_}" if row and (row.label, row.kind) == (label["name"], label["kind"]) else ""
        yield Row(path.name, id_, home)
        if row is None:
            continue
        supports, against = ({x for one in of for x in _named(one)} for of in (row.supports, row.against))
        parts: dict[str, object] = {f"supports.{term}": term in supports for term in label.get("supports_label", ())}
        parts |= {f"against.{term}": term in against for term in label.get("against_label", ())}
        parts |= {f"criteria.{one}": one in row.criteria for one in label.get("criteria", ())}
        parts |= {f"{system}.{code}": code in row.codes.get(system, ()) for system in ("icd10cm", "snomed_ct") for code in label[system]}
        parts |= {f"muscles.{one}": one in row.muscles for one in label["muscles"]}
        parts |= {f"refs.{one}": one in row.references for one in label["refs"]}
        parts |= {key: _plain(label[key]) == _plain(getattr(row, key)) for key in ("why_masks", "examine", "caution") if key in label}
        parts |= {key: _plain(label[key]) in _plain(row.code_note) for key in ("icd_note", "code_note") if key in label}
        bounds = {
            (leaf.term, bound)
            for one in row.supports
            for leaf in c.walk(one)
            if isinstance(leaf, c.Compare)
            for bound in leaf.bounds().values()
        }
        for term, bound in label.get("thresholds", {}).items():
            numbers = re.findall(r"-?\d+(?:\.\d+)?", str(bound))
            parts[f"thresholds.{term}"] = all((term, float(number)) in bounds for number in numbers) and (numbers or term in supports)
        yield from (Row(path.name, f"{id_}.{part}", home if there else "", part=True) for part, there in parts.items())


def muscles(path: Path, pack: Pack) -> Iterator[Row]:
    for muscle in _csv(path):
        id_, row = muscle["id"], pack.words.muscles.get(muscle["id"])
        home = f"muscle {id_}" if row else ""
        yield Row(path.name, id_, home)
        if row is None:
            continue
        told = {
            "name": row.label,
            "latin_name": row.latin,
            "group": row.group,
            "body_area": row.area,
            "nerve": row.nerve,
            "root_levels": row.roots,
            "main_action": row.action,
            "aggravating": row.aggravating,
            "access": row.access,
            "safety_note": row.safety,
        }
        parts = {key: _plain(muscle[key]) == _plain(text) for key, text in told.items() if muscle[key]}
        lists = {"trp_region_ids": row.lies_in, "common_mimics": row.mimics, "source": row.references}
        parts |= {key: set(muscle[key].split(";")) <= set(of) for key, of in lists.items() if muscle[key]}
        yield from (Row(path.name, f"{id_}.{part}", home if there else "", part=True) for part, there in parts.items())


def referrals(path: Path, pack: Pack) -> Iterator[Row]:
    edges = {(edge.muscle, edge.region): edge for edge in pack.base.referrals}
    for told in _csv(path):
        edge = edges.get((told["muscle"], told["region"]))
        same = edge and (edge.zone, edge.laterality, edge.confidence, edge.checked) == (
            told["zone"],
            told["laterality"],
            told["confidence"],
            told["checked"] == "yes",
        )
        sources = edge and set(told["source"].split(";")) <= set(edge.references)
        yield Row(path.name, f"{told['muscle']}.{told['region']}", "an edge of the referral graph" if same and sources else "")


def regions(path: Path, pack: Pack) -> Iterator[Row]:
    for told in _csv(path):
        id_, row = told["id"], pack.words.regions.get(told["id"])
        home = f"region {id_}" if row else ""
        yield Row(path.name, id_, home)
        if row is None:
            continue
        parts = {
            "label": told["label"] == row.label,
            "parent": (told["parent"] or None) == row.parent,
            "surface": told["surface"] == row.surface,
        }
        parts["adjacent"] = set(filter(None, told["adjacent"].split(";"))) == set(row.adjacent)
        parts["laterality_applicable"] = (told["laterality_applicable"] == "yes") == bool(row.sides)
        parts |= {key: told[key] == row.codes.get(key) for key in ("snomed_ct", "uberon") if told[key]}
        if told["wpi_area"] and told["wpi_basis"] == "direct":
            areas = [f"wpi_{told['wpi_area']}{side}" for side in ("", "_left", "_right")]
            parts["wpi_area"] = any(id_ in _regions(pack.words.terms[one].implied_by, pack) for one in areas if one in pack.words.terms)
        yield from (Row(path.name, f"{id_}.{part}", home if there else "", part=True) for part, there in parts.items())


def _regions(condition: c.Condition | None, pack: Pack) -> set[str]:
    """The regions that a condition names, with those inside them."""
    named = {region for leaf in (c.walk(condition) if condition else ()) if isinstance(leaf, c.PainAt) for region in leaf.regions}
    tree = terrain_of(pack.base).tree
    return named | {region for region in pack.words.regions if named & set(tree.around[region])}


def terms(path: Path, pack: Pack) -> Iterator[Row]:
    measured = {
        item for measure in pack.words.measures.values() for item in (*measure.sum, *(x for one in measure.count for x in _named(one)))
    }
    rows = {x: row.id for row in pack.words.diagnoses.values() for one in (*row.supports, *row.against) for x in _named(one)}
    for told in _csv(path):
        id_ = told["id"]
        word = f"finding {id_}" if id_ in pack.words.terms else KEYS.get(id_, "")
        read = pack.reading.read_by.get(id_, ())
        home = f"read by {read[0]}" if read else KEYS.get(id_, "")
        home = home or ("a measure" if id_ in measured else f"diagnosis {rows[id_]}" if id_ in rows else "")
        yield Row(path.name, id_, home)
        yield Row(path.name, f"{id_}.word", word, part=True)


def article(path: Path, pack: Pack) -> Iterator[Row]:
    data = _yaml(path)
    claimed = {edge.muscle for edge in pack.base.referrals if edge.claims}
    for row in data["table_resolution"]["rows"]:
        home = "edges of the referral graph" if set(row["muscles"]) <= set(pack.words.muscles) and set(row["muscles"]) & claimed else ""
        yield Row(path.name, f"table_{row['row']}", home)
    for fact in data["facts"]:
        claim = pack.base.claims.get(fact["id"])
        yield Row(path.name, fact["id"], f"claim {fact['id']} (docs/article.md)" if claim else "")
        if claim:
            same = {"claim": (fact["claim"], claim.claim), "conclusion": (fact["conclusion"], claim.conclusion)}
            for key, (told, kept) in same.items():
                yield Row(path.name, f"{fact['id']}.{key}", "evidence/claims.yaml" if _plain(told) == _plain(kept) else "", part=True)


def sources(path: Path, pack: Pack) -> Iterator[Row]:
    file = f"causes/{path.name}" if path.parent.name == "causes" else path.name
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [one.strip() for one in line.strip("|").split("|")]
        if len(cells) != 5 or cells[0] in ("id", "---"):
            continue
        id_, class_, text, identifier, checked = cells
        row = pack.base.references.get(id_)
        yield Row(file, id_, "evidence/references.yaml" if row else "")
        if row:
            same = {"class": (class_, row.class_), "reference": (text, row.text), "identifier": (identifier, row.identifier)}
            same["checked"] = (checked, row.checked)
            for key, (told, kept) in same.items():
                yield Row(file, f"{id_}.{key}", "evidence/references.yaml" if _plain(told) == _plain(kept) else "", part=True)


def management(path: Path, pack: Pack) -> Iterator[Row]:
    data = _yaml(path)
    for key in ("principles", "evidence", "dosage", "direction_rules", "strengthening", "invasive", "review"):
        for row in data[key]:
            home = pack.rule(row["id"]) or (pack.saying(row["text"]) if "text" in row else "")
            yield Row(path.name, row["id"], home)
            for term in (*row.get("when", ()), *row.get("caution_terms", ())):
                own = (pack.reading_rule(row["id"] + end, term) for end in ("", "_caution"))
                yield Row(path.name, f"{row['id']}.{term}", next(filter(None, own), ""), part=True)
    for key in ("article_allows", "article_excludes", "article_plays_down"):
        yield Row(path.name, key, "")
    for row in data["prevention"]:
        read = [pack.reading_rule(term, term) or pack.reading_rule(row["id"], term) for term in row["terms"]]
        yield Row(path.name, row["id"], pack.rule(row["id"]) or next(filter(None, read), ""))
        yield from (Row(path.name, f"{row['id']}.{term}", home, part=True) for term, home in zip(row["terms"], read, strict=True))
    yield from _contraindications(path, data["global_contraindications"], pack)
    for row in data["muscle_care"]:
        care = pack.words.care.get(row["id"])
        home = f"row {row['id']} of care" if care else ""
        yield Row(path.name, row["id"], home)
        if care:
            avoid = {x for one in care.avoid for x in _named(one)}
            parts = {f"avoid.{term}": term in avoid for term in row["avoid"]}
            parts |= {f"muscles.{one}": one in care.muscles for one in row["muscles"]}
            parts |= {key: _plain(row[key]) == _plain(getattr(care, key)) for key in ("stretch", "release")}
            parts["refs"] = set(row["refs"]) <= set(care.references)
            yield from (Row(path.name, f"{row['id']}.{part}", home if there else "", part=True) for part, there in parts.items())


def _contraindications(path: Path, told: Mapping[str, Any], pack: Pack) -> Iterator[Row]:
    for key, names in (("pressure_absolute", ["pressure_barred"]), ("stretch_absolute", ["stretch_barred"])):
        for term in told[key]:
            yield Row(path.name, f"{key}.{term}", next(filter(None, (pack.reading_rule(name, term) for name in names)), ""))
    for key, shared in (("pressure_caution", "pressure_caution"), ("stretch_caution", "stretch_caution")):
        for term in told[key]:
            own = (pack.reading_rule(f"{key.partition('_')[0]}_{term}", term), pack.reading_rule(shared, term))
            yield Row(path.name, f"{key}.{term}", next(filter(None, own), ""))
    for note in told["pressure_notes"]:
        yield Row(path.name, f"pressure_notes.{note['term']}", pack.reading_rule(f"pressure_{note['term']}", note["term"]))
    for term in told["stop_signs"]:
        yield Row(path.name, f"stop_signs.{term}", "")
    where = {
        x
        for rule in pack.written.get("management.areas_never_pressed", ())
        for leaf in c.walk(rule.when)
        if isinstance(leaf, c.PainAt)
        for x in leaf.regions
    }
    for region in told["areas_never_self_press"]:
        yield Row(path.name, f"areas_never_self_press.{region}", "rule management.areas_never_pressed" if region in where else "")
    for key in ("areas_note", "site_note"):
        yield Row(path.name, key, "")


CAUSE_FILES = (
    *(f"arm_{n}.yaml" for n in range(1, 8)), "back.yaml", *(f"gaps_{n}.yaml" for n in range(1, 4)), *(f"general_{n}.yaml" for n in range(1, 7)),
    *(f"head_{n}.yaml" for n in range(1, 4)), *(f"neck_{n}.yaml" for n in range(1, 4)), "trunk_leg.yaml",
)  # fmt: skip


def causes(path: Path, pack: Pack) -> Iterator[Row]:
    """A row is a profile: it is a cause of its own, or a picture of the one that it is the same as; its parts are its prior and its cues."""
    for row in _yaml(path):
        id_ = row["id"]
        cause = next((one for one in (row.get("same_as"), id_, id_.partition("__")[0]) if one in pack.base.causes), "")
        home = f"{'cause' if cause == id_ else 'a profile of the cause'} {pack.base.causes[cause].address}" if cause else ""
        yield Row(f"causes/{path.name}", id_, home)
        cues = [_weighed(cue) for cue in _cues(row["cues"])]
        profile = max(pack.profiles(cause), key=lambda held: len(set(cues) & held.cues)) if cause else Weighed(None, frozenset())
        yield Row(f"causes/{path.name}", f"{id_}.prior", home if profile.prior == row["prior"] else "", part=True)
        for n, cue in enumerate(cues, start=1):
            yield Row(f"causes/{path.name}", f"{id_}.cue_{n}", home if cue in profile.cues else "", part=True)


def _cues(cues: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for cue in cues:
        yield from _cues(cue["best_of"]) if "best_of" in cue else (cue,)


def _weighed(cue: Mapping[str, Any]) -> tuple[str, int]:
    """A cue as two files would agree on it: its condition, and its points."""
    return json.dumps(cue.get("when"), sort_keys=True, default=str), cue["points"]


def differentials_2(path: Path, pack: Pack) -> Iterator[Row]:
    """A differential is at home in the cause of that name: its cues weigh what the differential only counts."""
    for row in _yaml(path)["differentials"]:
        cause = pack.base.causes.get(row["id"])
        yield Row(DIFFERENTIALS_2, row["id"], f"cause {cause.address}" if cause else "")


def synonyms(path: Path, pack: Pack) -> Iterator[Row]:
    """Words that people type are at home where a search for each of them finds what they stand for; each is a part."""
    for told in _csv(path):
        kind = told.get("list") or "terms"
        found = {word: pack.finds(word, told["id"]) for word in told["synonyms"].split("|")}
        yield Row(f"causes/{path.name}", f"{kind}.{told['id']}", f"found among the {kind}" if any(found.values()) else "")
        for word, there in found.items():
            yield Row(f"causes/{path.name}", f"{kind}.{told['id']}.{word}", f"found among the {kind}" if there else "", part=True)


MUSCLE_FILES = (
    "buttock_pelvis.yaml", "chest_abdomen.yaml", "forearm_hand.yaml", "head.yaml", "leg_foot.yaml", "low_back.yaml", "neck.yaml", "shoulder_arm.yaml",
    "thigh_knee.yaml", "upper_back.yaml",
)  # fmt: skip


def muscle_cues(path: Path, pack: Pack) -> Iterator[Row]:
    """The cues and the prevalence of a muscle are at work where the row of that muscle holds all of them; zones that would point to it alone are one row."""
    held = {one.muscle: one for one in pack.base.muscle_cues}
    told: dict[str, list[tuple[int, int]]] = {}
    for row in _yaml(path):
        if "cues" in row or "prevalence" in row:
            told.setdefault(row["muscle"], []).append((len(row.get("cues", ())), row.get("prevalence", 0)))
    for muscle, parts in told.items():
        one = held.get(muscle)
        cues, prevalence = (len(one.cues), one.prevalence) if one else (0, 0)
        used = cues == sum(count for count, _ in parts) and prevalence == sum(common for _, common in parts)
        yield Row(f"causes/muscles/{path.name}", muscle, f"file referral/cues/{path.name}" if used else "")
    if any("pathognomonic_zone" in row for row in _yaml(path)):
        yield Row(f"causes/muscles/{path.name}", "signatures", "")


def new_terms(path: Path, pack: Pack) -> Iterator[Row]:
    for told in _csv(path):
        yield Row(f"causes/{path.name}", told["id"], f"finding {told['id']}" if told["id"] in pack.words.terms else "")


FLAGS_2 = "causes/rules_2/red_flags_2.yaml"
DIFFERENTIALS_2 = "causes/rules_2/differentials_2.yaml"


def red_flags_2(path: Path, pack: Pack) -> Iterator[Row]:
    """A flag is at home where most of its pictures are raised; an amendment in the rule that it amends."""
    data = _yaml(path)
    for one in pack.flags(path):
        yield Row(FLAGS_2, one.id, f"rule {one.by.id}" if one.by else "")
    for one in data["amendments"]:
        yield Row(FLAGS_2, f"amendments.{one['id']}", pack.rule(one["id"]))


READERS: Mapping[str, Reader] = {
    "article.yaml": article,
    "criteria.yaml": criteria,
    "labels.yaml": labels,
    "management.yaml": management,
    "muscles.csv": muscles,
    "red_flags.yaml": red_flags,
    "referrals.csv": referrals,
    "regions.csv": regions,
    "SOURCES.md": sources,
    "terms.csv": terms,
    "causes/terms_new.csv": new_terms,
    **{f"causes/{name}": causes for name in CAUSE_FILES},
    **{f"causes/muscles/{name}": muscle_cues for name in MUSCLE_FILES},
    FLAGS_2: red_flags_2,
    DIFFERENTIALS_2: differentials_2,
    "causes/synonyms_add.csv": synonyms,
    "causes/synonyms_add_places.csv": synonyms,
    "causes/SOURCES_new.md": sources,
}


# --- reading ----------------------------------------------------------------------------------------------------------


def _yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _list(one: Any) -> list[Any]:
    return one if isinstance(one, list) else [one]


def _plain(text: object) -> str:
    """A text as two writers would agree on it: small letters, one spelling of per cent, no stop at its end."""
    return re.sub(r"\s+", " ", str(text).lower().replace("percent", "per cent").replace("%", "per cent")).strip(" .")


def _tests(condition: Any) -> Iterator[str]:
    """The findings that a condition of the knowledge files names, each with its bound if it has one."""
    if isinstance(condition, str):
        yield condition
    elif isinstance(condition, list):
        yield from (one for part in condition for one in _tests(part))
    elif isinstance(condition, dict):
        yield from (one for key, part in condition.items() if key != "n" for one in _tests(part))


def _named(condition: c.Condition) -> Iterator[str]:
    yield from (leaf.term for leaf in c.walk(condition) if isinstance(leaf, c.Present | c.Words | c.Compare))


# --- the account ------------------------------------------------------------------------------------------------------


def account(folder: Path, base: KnowledgeBase) -> Account:
    """What became of every row of the knowledge files."""
    pack = Pack(base)
    rows = tuple(row for name, reader in READERS.items() for row in reader(folder / name, pack))
    given = _yaml(REASONS)
    homes = {name: home for home, names in given["homes"].items() for name in names}
    reasons = {name: group["why"] for group in given["reasons"] for name in group["rows"]}
    flags = pack.flags(folder / FLAGS_2)
    faults = (*_faults(rows, homes, reasons, given["homes"], pack), *_short(flags, given["short"]))
    return Account(rows, homes, reasons, faults, flags)


def _short(flags: Iterable[flag_pictures.Judged], given: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A flag of which a picture is not raised says why, and no other does."""
    said = {name for group in given for name in group["rows"]}
    short = {one.id for one in flags if one.covered < len(one.pictures)}
    yield from (f"{name}: a picture is judged less urgent than the flag wants, and no reason is given" for name in sorted(short - said))
    yield from (f"{name}: every picture is judged as urgent as the flag wants, and a reason is given" for name in sorted(said - short))


def _faults(rows: Iterable[Row], homes: Mapping[str, str], reasons: Mapping[str, str], places: Iterable[str], pack: Pack) -> Iterator[str]:
    known = {row.name: row for row in rows}
    for row in known.values():
        said = [row.name in homes, row.name in reasons]
        if not row.home and not any(said):
            yield f"{row.name} is neither used nor explained"
        if (row.home and any(said)) or all(said):
            yield f"{row.name} is listed, though used: {row.home or homes[row.name]}"
    yield from (f"{name} is listed, but is no row" for name in (*homes, *reasons) if name not in known)
    yield from (f"no such home: {place}" for place in places if not _exists(place, pack))


def _exists(home: str, pack: Pack) -> bool:
    """Whether a named home is there: a rule, a measure, a finding, a file of the rules, or the code (which says where)."""
    kind, _, name = home.partition(" ")
    match kind:
        case "rule":
            return name in pack.written
        case "measure":
            return name in pack.words.measures
        case "finding":
            return name in pack.words.terms
        case "file":
            return (Path(pack.base.folders[0]) / name).is_file()
    return kind == "code:"


MOVED = """\
## What became of the shelf differential

Its rules argued for and against hypotheses. Each argument is a cue of the cause now: most stood there already and count once; the others were added with their
reference, one point for a weak argument. Its cases stand beside the causes. What is no argument moved.

| was | is |
|---|---|
| imaging_* (seven cautions), muscle_and_cervical_root, muscle_and_hip_osteoarthritis, headache_recorded | criteria, under the same name |
| chest_questions, cardiac_exam_normal, headache_with_eye_signs | safety, under the same name |
| the caution of costochondritis; of shin_splints; the examination of arterial_leg_pain | safety.chest_pain_on_breathing; safety.shin_pain_on_exertion; safety.pulses_before_muscle |
| muscle_pattern_fits | article.muscle_pattern_fits, beside article.low_back_hypothesis |
| angina_like_chest_pain | causes acute_coronary_syndrome and stable_angina |
| appendicitis_like_abdominal_pain | cause appendicitis_or_diverticulitis; the negative work-up added (-1) |
| nephrolithiasis_like_flank_pain | cause renal_colic; the negative work-up added (-1) |
| gallbladder_or_upper_gi_like_pain | causes biliary_or_pancreatic_disease and peptic_ulcer_disease |
| dvt_like_calf_pain | cause deep_vein_thrombosis |
| failed_back_surgery_syndrome, interstitial_cystitis_bps | causes of their own |
| imaging_normal_back, joint_normal_shoulder, joint_or_imaging_normal_hip and _knee, neuro_normal_* | a cue against (-1) of each cause that they opposed; of disc_herniation not where a stretch test is positive, as of the others a positive test of its own is not argued with |
| aortoiliac_leg_pain, arterial_leg_pain | cues of aortoiliac_disease and peripheral_arterial_disease; against spinal_stenosis and myofascial_pain where only an image or erectile dysfunction tells (-1) |
| bicipital_tendinopathy, lateral_ and medial_epicondylitis, lumbar_strain | pain on resisted work of the muscle added (+1) |
| hip_osteoarthritis; trochanteric_pain_syndrome; intercostal_neuralgia; tarsal_tunnel_syndrome | FABER; Trendelenburg; loss of feeling in a dermatome; altered feeling of the sole added (+1) |
| spondylolisthesis_picture | neurogenic claudication with a slip or a step added (+1) |
| chronic_pelvic_pain, visceral_workup_negative_pelvis | burning urine or discharge added (+1). Pain that follows the cycle, and a negative work-up, the table weighs the other way; its weight stands |
| fibromyalgia_few_areas | the cue of a pain index of at most 3 (-4); that it fell silent where the definition of 2010 or 2011 is met is left out: a definition that is met adds its own points |
| muscle_against_disease_of_muscle, muscle_belly_wall, muscle_nothing_else_found, muscle_point_unnamed, muscle_pressure_recognised, muscle_tender_unnamed | cues of myopathy and myofascial_pain; a positive Carnett test beyond the abdomen and a spot under the fingertip added (+1) |
| all others | cues that the cause held already |
""".splitlines()


def page(one: Account) -> str:
    """The page ``docs/knowledge.md``."""
    return "\n".join(_page(one)) + "\n"


def _page(one: Account) -> Iterator[str]:
    yield "# What became of the knowledge files"
    yield ""
    yield "The rules were written from files of facts that are kept apart from this repository. A row is one entry of a file; a part is a field, an item"
    yield "or a finding within it. Used: a rule, an edge, a word of the vocabulary, a clue or a named home holds it. That a rule reads a finding, and for a"
    yield "red flag with which bound, is looked up; that it reads it rightly is for its cases to prove. A test fails when a row is neither used nor"
    yield "explained, or explained although it is used. This page is generated (`tests/knowledge_rows.py`)."
    yield ""
    yield "| file | rows | used | not used | parts | carried over | not carried over |"
    yield "|---|---|---|---|---|---|---|"
    for file in READERS:
        counts = []
        for part in (False, True):
            of = [row for row in one.rows if row.file == file and row.part is part]
            used = sum(bool(one.home(row)) for row in of)
            counts += [len(of), used, len(of) - used]
        yield f"| {file} | {' | '.join(map(str, counts))} |"
    yield ""
    yield "## Not used, and why"
    yield ""
    for file in READERS:
        left = [row for row in one.rows if row.file == file and not one.home(row)]
        if not left:
            continue
        yield f"### {file}"
        yield ""
        for why in dict.fromkeys(one.reasons.get(row.name, "NO REASON GIVEN") for row in left):
            names = [row.id for row in left if one.reasons.get(row.name, "NO REASON GIVEN") == why]
            yield f"- {why} ({len(names)}): {', '.join(f'`{name}`' for name in names)}"
        yield ""
    yield from MOVED
    yield from _flags_page(one.flags)
    yield "## Homes that are named by hand"
    yield ""
    yield "| row | lives in |"
    yield "|---|---|"
    yield from (f"| `{name}` | {cell(home)} |" for name, home in one.homes.items())


def _flags_page(flags: Iterable[flag_pictures.Judged]) -> Iterator[str]:
    yield ""
    yield "## The second part of the red flags"
    yield ""
    yield "Each flag is drawn as the charts that make its own condition true and say nothing else, one for each choice that it leaves"
    yield "(`tests/flag_pictures.py`). Covered by: the rule that raises most of them at the urgency that the flag wants, or more. How: strict (a rule that"
    yield "somebody wrote) or points (the sum of a cause), and how many of its charts are raised by any rule."
    yield ""
    yield "| flag | wants | covered by | how |"
    yield "|---|---|---|---|"
    for one in flags:
        by = f"`{one.by.id}`" if one.by else "no rule on these findings alone"
        how = "points" if one.by and one.by.cause else "strict" if one.by else "short"
        yield f"| `{one.id}` | {one.wanted} | {by} | {how}, {one.covered} of {len(one.pictures)} |"
    given = _yaml(REASONS)["short"]
    yield ""
    yield "Where not all are raised:"
    yield ""
    yield from (f"- {group['why']} ({len(group['rows'])}): {', '.join(f'`{name}`' for name in group['rows'])}" for group in given)
    yield ""


def main(folder: str) -> None:
    """Print the page."""
    sys.stdout.write(page(account(Path(folder), load_folders([packaged_rules()]))))


if __name__ == "__main__":
    main(sys.argv[1])
