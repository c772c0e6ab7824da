"""The page in a real browser: patients' stories reach the answer, by mouse and by keyboard; nothing goes anywhere else; nothing is read as markup."""

import asyncio
import json
import re
import shutil
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Dialog, Page, Route, sync_playwright
from starlette.applications import Starlette

from charts_fhir import ICD, bundle, coded, condition, observation
from mps_rules.api import evaluate, poster
from mps_rules.knowledge.pack import KnowledgeBase
from mps_rules.knowledge.rules import RECOMMENDATIONS
from mps_rules.service import json_api
from mps_rules.service import page as pages

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("browser"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
SPIKE = "<img src=x onerror=\"document.title='spiked'\"><script>document.title='spiked'</script>"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

Opens = Callable[..., Page]


@pytest.fixture(scope="module")
def address(kb: KnowledgeBase) -> Iterator[str]:
    json_api.answered("evaluate", {"findings": {}}, kb)  # the first answer of all takes longest
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=pages.routes(kb)), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def opens(browser: Browser, address: str) -> Iterator[Opens]:
    """Opens the page; afterwards nothing must have gone elsewhere, and nothing been complained of."""
    asked: list[str] = []
    complaints: list[str] = []
    contexts = []

    def opened(fragment: str = "", **how: Any) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP, **how})
        contexts.append(context)
        made = context.new_page()
        made.set_default_timeout(15_000)
        made.on("request", lambda request: asked.append(request.url))
        made.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.goto(f"{address}/page/{fragment}")
        made.wait_for_selector("body[data-answered]")
        return made

    yield opened
    for context in contexts:
        assert context.cookies() == []
        context.close()
    assert {url for url in asked if not url.startswith((f"{address}/page", "blob:", "data:"))} == set()
    assert [text for text in complaints if "422" not in text and "503" not in text] == []


def after(page: Page, act: Callable[[], Any]) -> None:
    """Does something that changes what is known, and waits for the answer to it."""
    number = page.evaluate("document.body.dataset.answered")
    act()
    page.wait_for_selector(f"body:not([data-answered='{number}']):not(.asking)")


def marks(page: Page, *places: str, view: str = "back") -> None:
    for place in places:
        after(page, page.locator(f"[data-view={view}] [data-place='{place}']").click)


def says(page: Page, words: str, kind: str = "finding") -> None:
    """Finds a word and opens it."""
    page.fill("#words", words)
    hit = page.locator(f"[data-key^='hit:{kind}:']").first
    if kind == "finding":
        hit.click()
    else:
        after(page, hit.click)


def leading(page: Page) -> str:
    return page.locator("#result > .hypothesis summary .grow").first.inner_text()


def answer(page: Page) -> str:
    return page.locator("#answer").inner_text()


# --- stories ----------------------------------------------------------------------------------------------------------


def test_low_back_pain_with_a_facet_label_leads_to_the_muscles_and_to_what_the_label_rests_on(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left", "buttock_mid left")
    says(page, "facet", "diagnosis")
    after(page, lambda: page.select_option("[data-key='l:facet_syndrome:prior_label_basis']", "imaging_only"))
    says(page, "dull")
    after(page, page.locator("#opened .yes").first.click)
    page.locator("[data-key='mu:gluteus_medius.left']").click()
    for sign in ("taut_band", "hypersensitive_spot", "pain_recognition"):
        after(page, page.locator(f"[data-key='m:gluteus_medius.left:{sign}:true']").click)

    assert leading(page) == "Myofascial pain"
    assert "Gluteus medius, left" in page.locator(".muscles li").first.inner_text()
    assert "active" in page.locator(".muscles li").first.inner_text()
    page.locator("[data-key=cautions] summary").click()
    assert "rests on imaging alone" in answer(page)


def test_cauda_equina_stands_before_everything(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    says(page, "numb bottom")
    after(page, page.locator("[data-key='f:saddle_anaesthesia:true']").first.click)

    alert = page.locator("#result > *").first
    assert "Possible cauda equina syndrome" in alert.inner_text()
    assert "emergency" in alert.inner_text()
    waiting = page.locator("[data-key=muscles]")
    assert "only once the red flag is excluded" in waiting.inner_text()
    assert page.locator(".muscles li").first.is_visible() is False
    assert "Red flag raised: Possible cauda equina syndrome" in page.locator("#said").inner_text()


def test_widespread_pain_leads_to_fibromyalgia_with_the_definitions_side_by_side(opens: Opens) -> None:
    page = opens()
    after(page, lambda: page.select_option("#example", label="widespread pain"))

    assert (
        "Fibromyalgia"
        in page.locator("#result > .hypothesis").all_inner_texts()[0] + page.locator("#result > .hypothesis").all_inner_texts()[1]
    )
    page.locator("[data-key=criteria] > summary").click()
    assert page.locator("[data-key=criteria] tbody tr", has_text="Fibromyalgia").count() >= 3


def test_arm_pain_leads_to_the_scalenes_and_they_light_up(opens: Opens) -> None:
    page = opens()
    marks(page, "arm_lateral right", "forearm_radial right", "chest_upper right", view="front")
    marks(page, "medial_scapular_border right")
    page.fill("#place", "Thumb, right")
    after(page, page.locator("#add-place button").click)

    first = page.locator(".muscles li").first
    assert "Scalene" in first.inner_text()
    assert "explains all of the pain" in first.inner_text()
    first.hover()
    assert page.locator("[data-view=front] .place.essential").count() > 0
    assert page.locator("[data-view=front] .belly").count() > 0


def test_the_chart_of_a_muscle_stays_in_its_card_and_follows_the_side(opens: Opens) -> None:
    page = opens()
    shows(page, "facet label")
    page.locator(".muscles .name").first.click()
    chart = page.locator("#opened img.chart[src]")
    wide = "async image => { await image.decode(); return image.naturalWidth; }"
    assert chart.evaluate(wide) > 100
    page.mouse.move(5, 5)
    assert page.locator("#figure .belly").count() > 0
    left = chart.get_attribute("src")
    page.locator("#opened").get_by_role("button", name="right", exact=True).click()

    assert chart.evaluate(wide) > 100
    assert "right" in (chart.get_attribute("alt") or "")
    assert chart.get_attribute("src") != left
    page.locator("#opened .shut").first.click()
    page.locator("#words").hover()
    page.locator(".muscles .name").first.hover()
    page.mouse.move(5, 5)
    assert page.locator("#figure .belly").count() == 0


def test_what_differs_from_the_last_answer_is_said_and_undo_takes_it_back(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    says(page, "numb bottom")
    after(page, page.locator("[data-key='f:saddle_anaesthesia:true']").first.click)
    assert "Red flag raised: Possible cauda equina syndrome" in page.locator(".changed").inner_text()

    after(page, page.locator("#undo").click)

    assert page.locator(".alert.emergency").count() == 0


def test_why_opens_the_proof_and_what_would_change_it_opens_the_flips(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")

    page.locator("[data-key='why:h:myofascial_pain']").click()
    assert "Pain in: low back" in page.locator("#sheet-body .proof").first.inner_text()
    page.locator("#sheet-close").click()
    page.locator("[data-key='flip:h:myofascial_pain']").click()
    page.locator("#sheet-body ol, #sheet-body p", has_text="It would").first.wait_for()


def test_what_would_change_a_raised_flag_is_told_from_what_is_recorded(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    says(page, "numb bottom")
    after(page, page.locator("[data-key='f:saddle_anaesthesia:true']").first.click)
    page.locator("[data-key='flip:alert:rf_cauda_equina']").click()
    page.locator("#sheet-body ol li").first.wait_for()

    told = page.locator("#sheet-body").inner_text()
    assert "No answer that is still open changes it" in told
    assert "numb saddle area: absent" in told


def test_a_group_a_place_free_of_pain_and_an_intensity_can_be_told(opens: Opens) -> None:
    page = opens()
    page.fill("#place", "Thigh, left")
    after(page, page.locator("#add-place button").click)
    assert page.locator(".place.somewhere").count() > 0

    after(page, lambda: page.select_option("[data-key='intensity:thigh left']", "7"))
    page.locator("[data-mark=free]").click()
    marks(page, "neck_posterior left")

    assert "free of pain" in page.locator("#pains").inner_text()
    assert page.locator("[data-place='neck_posterior left'].free").count() == 1


def test_none_of_these_denies_a_step_at_once_and_the_bar_moves(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    before = page.locator("#screened progress").get_attribute("value")
    for _ in range(4):
        after(page, page.locator(".none").first.click)

    assert float(page.locator("#screened progress").get_attribute("value") or 0) > float(before or 0)
    page.locator("#known summary").click()
    assert "absent" in page.locator("#known-list").inner_text()


def test_a_step_of_which_nothing_is_left_to_deny_does_not_offer_it(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    for _ in range(4):
        step = page.locator(".none").first.get_attribute("data-key")
        after(page, page.locator(".none").first.click)
        assert page.locator(f"[data-key='{step}']").count() == 0


def test_a_step_that_is_put_off_comes_after_all_others(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    keys = "all => all.map(one => one.dataset.key)"
    first, second, third = page.locator("#questions article").evaluate_all(keys)
    page.locator("#questions .later").first.click()
    now = page.locator("#questions article").evaluate_all(keys)
    assert now[:2] == [second, third]
    assert first not in now
    after(page, page.locator(f"[data-key='{second}'] .no").first.click)
    assert first not in page.locator("#questions article").evaluate_all(keys)

    after(page, page.locator("#clear").click)
    marks(page, "low_back left")
    assert page.locator("#questions article").first.get_attribute("data-key") == first


def test_what_was_found_in_a_muscle_stays_where_it_was_told_and_is_listed(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    page.locator("[data-key='mu:gluteus_medius.left']").click()
    first = page.locator("#opened article > .field").first.inner_text()
    after(page, page.locator("[data-key='m:gluteus_medius.left:taut_band:true']").click)
    assert page.locator("#opened article > .field").first.inner_text() == first
    assert page.locator("[data-key='m:gluteus_medius.left:taut_band:true']").is_visible()
    says(page, "facet", "diagnosis")
    after(page, lambda: page.select_option("[data-key='l:facet_syndrome:prior_label_basis']", "imaging_only"))
    page.locator("#known summary").click()

    known = page.locator("#known-list").inner_text()
    assert "Gluteus medius, left: Taut band felt" in known
    assert "What the label rests on" in known


def test_a_number_out_of_its_range_is_said_at_its_place_and_nothing_is_taken_back(opens: Opens) -> None:
    page = opens()
    says(page, "SSS fatigue")
    box = page.locator("#opened input[type=number]")
    assert "3 severe or continuous" in page.locator("#opened").inner_text()
    assert box.get_attribute("placeholder") == "0\u20133"
    box.fill("7")
    page.keyboard.press("Tab")

    assert "3" in box.evaluate("one => one.validationMessage")
    assert page.locator("#notice").is_hidden()


def test_what_only_comes_near_is_not_chosen_by_the_enter_key(opens: Opens) -> None:
    page = opens()
    page.fill("#words", "trapped nerve neck since yesterday")
    page.locator("#found", has_text="Nearest").wait_for()
    page.keyboard.press("Enter")
    assert page.locator("#opened article").count() == 0
    page.locator("#found button").first.click()
    assert page.locator("#opened article").count() == 1


def test_a_sign_is_told_of_the_muscle_that_ranks_first(opens: Opens) -> None:
    page = opens()
    page.fill("#words", "taut band")
    page.locator("[data-key='hit:sign:taut_band']").click()
    assert "mark where it hurts first" in page.locator("#found").inner_text()
    marks(page, "low_back left")
    page.fill("#words", "taut band")
    page.locator("[data-key='hit:sign:taut_band']").click()
    after(page, page.locator("[data-key='m:multifidus_lumbar.left:taut_band:true']").click)

    page.locator("#known summary").click()
    assert "Lumbar multifidi, left: Taut band felt" in page.locator("#known-list").inner_text()


def test_the_sides_of_a_muscle_stand_in_one_row_while_the_same_is_said_of_both(opens: Opens) -> None:
    page = opens()
    for text in ("both low back", "both back of thighs"):
        page.fill("#place", text)
        after(page, page.locator("#add-place button").click)
    rows = page.locator(".muscles li")
    assert "Lumbar multifidi, both sides" in rows.first.inner_text()
    assert "explains all of the pain" in rows.first.inner_text()
    rows.first.hover()
    assert page.locator("[data-view=back] .place.essential").count() > 1
    page.locator("[data-key='mu:multifidus_lumbar.left']").click()
    after(page, page.locator("[data-key='m:multifidus_lumbar.left:taut_band:true']").click)

    assert page.locator("[data-key='mu:multifidus_lumbar.left']").inner_text() == "Lumbar multifidi, left"


def test_a_place_is_found_by_its_words_and_where_several_may_be_meant_they_are_named(opens: Opens) -> None:
    page = opens()
    for text in ("thumb right", "left low back", "right side of the neck", "both back of thighs"):
        page.fill("#place", text)
        after(page, page.locator("#add-place button").click)
    page.fill("#place", "neck left")
    page.locator("#add-place button").click()

    said = page.locator("#place").evaluate("one => one.validationMessage")
    assert said.startswith("Which one: ")
    assert "Side of neck, left" in said
    assert page.locator("#pains li").count() == 4
    assert "bilateral" in page.locator("#pains").inner_text()
    page.fill("#place", "tail, left")
    page.locator("#add-place button").click()
    page.wait_for_function("() => document.getElementById('place').validationMessage")
    assert page.locator("#place").evaluate("one => one.validationMessage").startswith("No place has all of these words")


def test_a_healthy_finding_of_an_examination_is_never_denied_with_the_rest(opens: Opens, kb: KnowledgeBase) -> None:
    page = opens()
    after(page, lambda: page.select_option("#example", label="cauda equina"))
    steps = {step.id: step.terms for step in kb.asking.steps}
    for _ in range(6):
        offered = [key.removeprefix("none:") for key in page.locator(".none").evaluate_all("all => all.map(one => one.dataset.key)")]
        assert all(kb.vocabulary.terms[term].cost == "asked" for step in offered for term in steps[step])
        if not offered:
            break
        after(page, page.locator(".none").first.click)


def test_a_step_that_was_begun_stays_in_its_place_until_all_of_it_is_told(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    keys = "all => all.map(one => one.dataset.key)"
    cards = page.locator("#questions article").evaluate_all(keys)
    steps = [page.locator(f"[data-key='{card}']") for card in cards]
    place = next(n for n, one in enumerate(steps) if n and 1 < one.locator(".field").count() == one.locator(".field .no").count())
    step = steps[place]
    fields = step.locator(".field").count()

    for number in range(fields - 1):
        after(page, step.locator(".field").nth(number).locator(".no").click)
        assert page.locator("#questions article").evaluate_all(keys)[place] == cards[place]
        assert step.locator(".no[aria-pressed=true]").count() == number + 1
    after(page, step.locator(".field").nth(fields - 1).locator(".no").click)

    assert step.count() == 0


def test_what_is_still_to_ask_is_told_from_where_it_is_named(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    named = page.locator("#result > .hypothesis .tell").first
    words = named.inner_text()
    named.click()
    assert words.lower() in page.locator("#opened").inner_text().lower()

    page.locator("[data-key='flip:h:myofascial_pain']").click()
    page.locator("#sheet-body ol .tell").first.click()

    assert not page.locator("#sheet").is_visible()
    assert page.locator("#opened article").count() == 2


def test_age_sex_and_duration_are_always_at_hand_and_asked_for_nowhere_else(opens: Opens, kb: KnowledgeBase) -> None:
    page = opens()
    assert page.locator("#at-hand .field").count() == len(kb.asking.at_hand) == 3
    page.get_by_label("Age, years").fill("71")
    after(page, lambda: page.keyboard.press("Tab"))
    after(page, lambda: page.select_option("#at-hand select[data-key='h:sex_at_birth']", "female"))
    page.locator("#at-hand [data-key='h:symptom_duration:unit']").select_option("d")
    page.fill("#at-hand [data-key='h:symptom_duration']", "5")
    after(page, lambda: page.keyboard.press("Tab"))

    assert page.locator("#questions [data-key^='f:age_years'], #questions [data-key^='f:symptom_duration']").count() == 0
    page.locator("#known summary").click()
    known = page.locator("#known-list").inner_text()
    assert [text in known for text in ("71 years", "female", "5 days")] == [True, True, True]


@pytest.mark.parametrize(("written", "amount", "unit"), [("4 days", "4", "d"), ("3 months", "3", "mo"), ("16 wk", "16", "wk")])
def test_how_long_it_has_hurt_is_shown_in_whole_days_weeks_or_months(opens: Opens, written: str, amount: str, unit: str) -> None:
    page = opens()
    page.locator("#open").click()
    page.fill("#sheet-body textarea", f"symptom_duration: {written}")
    after(page, page.get_by_role("button", name="Read").click)
    page.locator("#sheet-close").click()
    page.locator("#known summary").click()
    page.locator("[data-key='known:symptom_duration']").click()

    assert page.locator("[data-key='f:symptom_duration']").first.input_value() == amount
    assert page.locator("[data-key='f:symptom_duration:unit']").first.input_value() == unit


def test_one_story_is_told_with_the_keyboard_alone(opens: Opens) -> None:
    page = opens()
    page.focus("#place")
    page.keyboard.type("Low back (lumbar), left")
    after(page, lambda: page.keyboard.press("Enter"))
    page.focus("#words")
    page.keyboard.type("numb bottom")
    page.locator("[data-key='hit:finding:saddle_anaesthesia']").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector("#opened .yes:focus")
    after(page, lambda: page.keyboard.press("Space"))

    assert "Possible cauda equina syndrome" in answer(page)
    assert page.evaluate("document.activeElement.dataset.key") == "f:saddle_anaesthesia:true"


# --- out and in -------------------------------------------------------------------------------------------------------


def test_the_note_the_link_and_the_files_hold_what_is_known(opens: Opens, tmp_path: Path) -> None:
    page = opens(permissions=["clipboard-read", "clipboard-write"])
    after(page, lambda: page.select_option("#example", label="facet label"))
    page.locator("#save").click()
    page.locator("#sheet-body textarea").wait_for()
    assert "Myofascial pain probable" in page.locator("#sheet-body textarea").input_value()

    page.get_by_role("button", name="Link").click()
    page.locator("#sheet-body [role=status]", has_text="Link copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as fhir:
        page.get_by_role("button", name="FHIR").click()
    fhir.value.save_as(tmp_path / "out.json")

    assert json.loads((tmp_path / "out.json").read_text())["resourceType"] == "Bundle"
    other = opens(link[link.index("#") :])
    assert leading(other) == leading(page)
    assert "#" not in other.url


def test_a_bundle_is_read_with_its_report_and_a_faulty_file_with_its_faults(opens: Opens) -> None:
    page = opens()
    chart = bundle(condition(coded(ICD, "M54.50")), observation(coded("urn:mps-rules:finding", "saddle_anaesthesia"), valueBoolean=True))
    page.locator("#open").click()
    page.fill("#sheet-body textarea", json.dumps(chart))
    page.fill("#sheet-body input[type=date]", "2024-06-01")
    after(page, page.get_by_role("button", name="Read").click)
    assert "2 resources read" in page.locator(".report").inner_text()

    page.fill("#sheet-body textarea", "saddel_anaesthesia: true")
    page.get_by_role("button", name="Read").click()
    page.locator(".report", has_text="closest: saddle_anaesthesia").wait_for()
    page.locator("#sheet-close").click()
    assert "Possible cauda equina syndrome" in answer(page)


def test_what_contradicts_itself_is_taken_back_and_said(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    says(page, "low back pain present")
    page.locator("[data-key='f:pain_low_back:false']").click()
    page.locator("#notice:not([hidden])").wait_for()

    assert "Taken back." in page.locator("#notice").inner_text()
    assert "low back" in page.locator("#pains").inner_text().lower()


def fragment(known: Any) -> str:
    return f"#f={urlsafe_b64encode(json.dumps(known).encode()).decode().rstrip('=')}"


def altered(page: Page, operation: str, change: Callable[[Any], Any]) -> None:
    """Lets the program answer something else to a question."""

    def answer_with(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json=change(response.json()))

    page.route(f"**/api/{operation}", answer_with)


def advised(page: Page) -> list[str]:
    page.locator("[data-key=advice] > summary").click()
    return page.locator("[data-key=advice] > .advice .kind").all_inner_texts()


def test_every_kind_of_advice_is_shown_in_the_order_and_the_words_of_the_rules(opens: Opens, kb: KnowledgeBase) -> None:
    page = opens()

    def all_kinds(said: Any) -> Any:
        one = {"text": "Consider it.", "rule": "r", "about": "", "because": [], "limits": "", "references": []}
        kinds = ("of_another_kind", *reversed(RECOMMENDATIONS))
        said["assessment"]["recommendations"] = [{**one, "kind": kind} for kind in kinds]
        return said

    altered(page, "evaluate", all_kinds)
    marks(page, "low_back left")

    assert advised(page) == [*(one["label"] for one in json_api.vocabulary(kb)["advice"]), "of another kind"]


def test_what_is_to_be_investigated_is_shown(opens: Opens, kb: KnowledgeBase) -> None:
    known = {"pain": ["low_back.left"], "pf_low_vitamin_b12": True}
    wanted = [one.text for one in evaluate(known, kb).recommendations if one.kind == "investigate"]
    page = opens(fragment(known))
    page.locator("[data-key=advice] > summary").click()

    shown = page.locator("[data-key=advice] .advice li").all_inner_texts()

    assert len(wanted) == 1
    assert [text for text in wanted for line in shown if line.startswith("Investigate") and text in line] == wanted


def test_a_word_that_the_page_does_not_know_is_shown_and_never_dropped(opens: Opens) -> None:
    page = opens()

    def strange(said: Any) -> Any:
        assessment = said["assessment"]
        assessment["screening"] = "half_done"
        for one in assessment["alerts"]:
            one["status"] = "half_raised"
        for one in assessment["criteria"]:
            one["status"] = "half_met"
        return said

    altered(page, "evaluate", strange)
    marks(page, "low_back left")
    says(page, "numb saddle")
    after(page, page.locator("[data-key='open:saddle_anaesthesia'] .yes").click)

    assert "half done" in page.locator("#answer .short").inner_text()
    assert page.locator("[data-key=open] .alert h3").count() > 0
    assert "undefined" not in answer(page)


def test_a_question_that_was_given_up_is_said_where_its_answer_would_stand_and_nothing_is_taken_back(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    before = page.locator("#pains li").count()
    late = {"faults": [{"where": "", "what": "not answered within 10 seconds, and given up"}]}
    page.route("**/api/flip", lambda route: route.fulfill(status=503, json=late))
    page.locator("#result [data-key^='flip:']").first.click()
    page.wait_for_selector("#sheet-body .caution")
    said = page.locator("#sheet-body").inner_text()
    page.locator("#sheet-close").click()

    assert (said, before) == ("not answered within 10 seconds, and given up", page.locator("#pains li").count())

    page.route("**/api/evaluate", lambda route: route.fulfill(status=503, json=late))
    page.locator("[data-view=back] [data-place='low_back right']").click()
    page.wait_for_selector("#notice:not([hidden])")

    assert "given up" in page.locator("#notice").inner_text()
    assert "Taken back" not in page.locator("#notice").inner_text()
    assert page.locator("body.asking").count() == 1
    page.unroute("**/api/evaluate")
    after(page, page.locator("[data-view=back] [data-place='buttock_mid left']").click)
    assert page.locator("#pains li").count() == 3


@pytest.mark.parametrize(("zone", "day"), [("Pacific/Kiritimati", "2026-03-02"), ("Pacific/Pago_Pago", "2026-03-01")])
def test_a_chart_is_read_as_of_the_day_here(opens: Opens, zone: str, day: str) -> None:
    page = opens(timezone_id=zone)
    page.clock.set_fixed_time(datetime(2026, 3, 1, 21, tzinfo=UTC) if day == "2026-03-02" else datetime(2026, 3, 2, 5, tzinfo=UTC))
    page.click("#open")

    assert page.locator("#sheet-body input[type=date]").input_value() == day


def test_it_prints_on_one_page(opens: Opens) -> None:
    page = opens()
    after(page, lambda: page.select_option("#example", label="facet label"))

    assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4"))) == 1


def test_a_poster_is_one_sheet_of_a3(browser: Browser, kb: KnowledgeBase) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_content(
        f"<style>@page {{ size: A3 landscape; margin: 0 }} body {{ margin: 0 }} svg {{ display: block }}</style>{poster('low_back', kb=kb)}"
    )
    printed = page.pdf(prefer_css_page_size=True)
    context.close()

    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1


# --- safety -----------------------------------------------------------------------------------------------------------


def test_script_in_every_field_stays_text(opens: Opens) -> None:
    page = opens()
    for field in ("#words", "#place"):
        page.fill(field, SPIKE)
        page.keyboard.press("Enter")
    page.locator("#found", has_text="Nothing").wait_for()
    page.locator("#open").click()
    opened = {
        SPIKE: "expected the findings",
        json.dumps({"resourceType": SPIKE}): "1 resources read",
        json.dumps({"pain": [SPIKE], SPIKE: True, "labels": {SPIKE: True}}): "no finding",
    }
    for text, answer in opened.items():
        page.fill("#sheet-body textarea", text)
        page.get_by_role("button", name="Read").click()
        page.locator(".report", has_text=answer).wait_for()
    marked = bundle({**condition(coded(ICD, "M54.50", SPIKE)), "note": [{"text": SPIKE}]})
    page.fill("#sheet-body textarea", json.dumps(marked))
    page.get_by_role("button", name="Read").click()
    page.locator(".report", has_text="1 resources read").wait_for()

    assert page.title() != "spiked"
    assert page.locator("img").count() == 0


@pytest.mark.parametrize(
    "known", [{SPIKE: True}, {"pain": [{"region": SPIKE, "side": SPIKE}]}, {"labels": [SPIKE]}, {"exam": [{"muscle": SPIKE}]}]
)
def test_a_link_with_script_in_it_does_nothing_but_complain(opens: Opens, known: Any) -> None:
    page = opens(fragment(known))
    page.locator("#notice:not([hidden])").wait_for()

    assert page.title() != "spiked"
    assert page.locator("img").count() == 0


def test_the_page_is_told_to_load_nothing_from_elsewhere(opens: Opens, address: str) -> None:
    page = opens()
    answered = page.request.get(f"{address}/page/")

    assert "default-src 'none'" in answered.headers["content-security-policy"]
    assert "unsafe" not in answered.headers["content-security-policy"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(opens: Opens, scheme: str, size: Any) -> None:
    page = opens(color_scheme=scheme, viewport=size, bypass_csp=True)
    for example in (None, "facet label", "cauda equina"):
        if example:
            after(page, lambda example=example: page.select_option("#example", label=example))  # type: ignore[misc]
            for part in page.locator("details:not([open]) > summary").all():
                if part.is_visible():
                    part.click()
        found = Axe().run(page)
        assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found.response["violations"]] == []


def test_nothing_is_cut_off_on_a_phone_or_at_twice_the_size(opens: Opens) -> None:
    for size in (PHONE, {"width": 720, "height": 450}):
        page = opens(viewport=size)
        after(page, lambda page=page: page.select_option("#example", label="facet label"))  # type: ignore[misc]
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


# --- in sight, at every size ------------------------------------------------------------------------------------------

SIZES = [(320, 568), (360, 740), (390, 844), (844, 390), (768, 1024), (1024, 768), (1100, 800), (1280, 720), (1920, 1080), (3840, 2160)]
SEEN = """id => {
  const line = document.getElementById(id);
  const { left, right, top, bottom } = line.getBoundingClientRect();
  const zoom = Number(getComputedStyle(document.body).zoom) || 1;
  const at = document.elementFromPoint((left + 20), (top + bottom) / 2);
  return line.contains(at) && left >= 0 && right <= innerWidth + 1 && top >= 0 && bottom <= innerHeight && zoom > 0;
}"""


def shows(page: Page, example: str) -> None:
    after(page, lambda: page.select_option("#example", label=example))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_alert_is_in_sight_in_words_whatever_is_scrolled_or_opened(opens: Opens, width: int, height: int) -> None:
    page = opens(viewport={"width": width, "height": height})
    shows(page, "cauda equina")
    line = page.locator("#brief")

    def everything_scrolled(to: str) -> None:
        page.evaluate(f"for (const one of [document.scrollingElement, ...document.querySelectorAll('section')]) one.scrollTop = {to}")

    assert line.inner_text() == "Emergency · now: Possible cauda equina syndrome, and 2 more"
    for to in ("0", "1e6", "700"):
        everything_scrolled(to)
        assert page.evaluate(SEEN, "brief")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("#save").click()
    page.locator("#sheet textarea").wait_for()
    assert page.locator("#sheet-brief").inner_text() == line.inner_text()
    assert page.evaluate(SEEN, "sheet-brief")


def test_what_presses_but_is_only_open_is_named_as_such(opens: Opens) -> None:
    page = opens()
    shows(page, "arm pain")

    assert page.locator("#brief").inner_text() == "Open red flag, emergency: Possible acute coronary syndrome, and 3 more"
    assert page.locator("#brief").get_attribute("class") == "open"


@pytest.mark.parametrize("example", ["arm pain", "cauda equina", "facet label", "simple back pain", "widespread pain"])
def test_at_320_px_nothing_scrolls_sideways_with_every_part_open(opens: Opens, example: str) -> None:
    page = opens(viewport={"width": 320, "height": 640})
    shows(page, example)
    page.evaluate("for (let n = 0; n < 3; n++) for (const one of document.querySelectorAll('details:not([open]) > summary')) one.click()")
    page.wait_for_timeout(100)

    assert page.evaluate("[...document.querySelectorAll('#result *, #ask *')].filter(one => one.getBoundingClientRect().right > 321).map(one => one.outerHTML)") == []  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_at_its_largest_every_place_of_the_figure_is_24_px_wide_and_high_in_some_view(opens: Opens) -> None:
    page = opens(viewport={"width": 320, "height": 640})
    while page.locator("#larger").is_enabled():
        page.locator("#larger").click()
    largest: dict[str, float] = {}
    for view in page.locator("#views button").all():
        view.click()
        for place, size in page.locator("#figure .place").evaluate_all(
            "all => all.map(one => { const { width, height } = one.getBoundingClientRect(); return [one.dataset.place, Math.min(width, height)]; })"
        ):
            largest[place] = max(size, largest.get(place, 0))

    assert {place: size for place, size in largest.items() if size < 24} == {}
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    after(page, page.locator("[data-place='great_toe left']").first.click)
    assert "Big toe, left" in page.locator("#pains").inner_text()
    while page.locator("#smaller").is_enabled():
        page.locator("#smaller").click()
    assert page.locator("#figure.zoomed").count() == 0


# --- one patient, and the next ----------------------------------------------------------------------------------------


def test_answers_are_compared_of_one_patient_only(opens: Opens) -> None:
    page = opens()
    shows(page, "cauda equina")
    shows(page, "facet label")
    assert page.locator(".changed").count() == 0
    marks(page, "buttock_mid right")
    assert page.locator(".changed").count() == 1

    page.locator("#open").click()
    page.fill("#sheet-body textarea", "pain: [neck_posterior.left]")
    after(page, page.get_by_role("button", name="Read").click)
    page.locator("#sheet-close").click()
    assert page.locator(".changed").count() == 0

    after(page, page.locator("#undo").click)
    assert page.locator(".changed").count() == 0
    assert "Mid buttock, right" in page.locator("#pains").inner_text()
    after(page, page.locator("#undo").click)
    assert page.locator(".changed").count() == 1


def test_leaving_asks_first_once_something_was_told(opens: Opens) -> None:
    page = opens()
    asked: list[str] = []

    def goes(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", goes)
    page.locator("#words").click()
    page.reload()
    page.wait_for_selector("body[data-answered]")
    assert asked == []
    marks(page, "low_back left")
    page.reload()
    page.wait_for_selector("body[data-answered]")

    assert asked == ["beforeunload"]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert page.locator("#pains li").count() == 0


# --- answers: given once, taken back in their place -------------------------------------------------------------------


def test_the_second_half_of_a_double_click_answers_nothing(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    first = page.locator(".none").first
    step = (first.get_attribute("data-key") or "").removeprefix("none:")
    title = page.locator("#questions h3 .grow").first.inner_text()
    after(page, first.dblclick)
    page.wait_for_timeout(300)

    page.locator("#known summary").click()
    known = page.locator("#known-list button.grow").all_inner_texts()
    assert title in page.locator("#questions .done").inner_text()
    assert len(known) == page.evaluate("step => fetch('api/vocabulary').then(r => r.json()).then(v => v.steps[step].terms.length)", step)


def test_a_card_that_has_moved_takes_no_click_for_half_a_second(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    page.wait_for_timeout(600)
    second = page.locator("#questions article").nth(1)
    key = second.get_attribute("data-key")
    page.evaluate("document.querySelector('#questions .none').click()")
    page.wait_for_function("key => document.querySelector('#questions article').dataset.key === key", arg=key)
    moved = page.locator("#questions article").first
    before = page.locator("#known-count").inner_text()

    assert moved.evaluate("one => [one.classList.contains('settling'), getComputedStyle(one).pointerEvents]") == [True, "none"]
    box = moved.locator("button.no").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + 5, box["y"] + 5)
    page.wait_for_selector("#questions article:not(.settling)")
    assert page.locator("#known-count").inner_text() == before
    after(page, moved.locator("button.no").first.click)


def test_what_was_answered_is_taken_back_where_it_was_given(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    known = page.locator("#known-count").inner_text()
    key = page.locator("#questions article").first.get_attribute("data-key")
    after(page, page.locator(".none").first.click)
    assert page.locator(f"[data-key='{key}']").count() == 0

    after(page, page.locator("#questions .done button").click)

    assert page.locator("#known-count").inner_text() == known
    assert page.locator("#questions article").first.get_attribute("data-key") == key
    assert page.locator("#questions .done").count() == 0


def test_p_a_and_question_mark_answer_the_finding_that_has_the_keyboard_and_n_goes_on(opens: Opens) -> None:
    page = opens()
    marks(page, "low_back left")
    cards = page.locator("#questions article")
    page.keyboard.press("n")
    assert cards.first.evaluate("one => one.contains(document.activeElement)")
    finding = page.evaluate("document.activeElement.dataset.key").rpartition(":")[0]
    after(page, lambda: page.keyboard.press("a"))
    assert page.locator(f"[data-key='{finding}:false']").first.get_attribute("aria-pressed") == "true"
    after(page, lambda: page.keyboard.press("?"))
    assert page.locator(f"[data-key='{finding}:undefined']").first.get_attribute("aria-pressed") == "true"
    page.keyboard.press("n")
    assert cards.nth(1).evaluate("one => one.contains(document.activeElement)")
    page.focus("#words")
    page.keyboard.type("pan")
    assert page.locator("#words").input_value() == "pan"
    assert page.locator("#known-count").inner_text() == ""


def test_a_finding_is_one_stop_of_the_tab_key(opens: Opens) -> None:
    page = opens()
    shows(page, "facet label")

    stops = page.locator("#ask .choice.finding").evaluate_all(
        "all => all.map(one => one.querySelectorAll('button[tabindex=\"0\"]').length)"
    )

    assert set(stops) == {1}
    page.locator("#questions .choice.finding [tabindex='0']").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.key").endswith(":false")


def test_when_it_is_enough_the_page_says_so_and_offers_to_go_on(opens: Opens) -> None:
    page = opens()

    def complete(said: Any) -> Any:
        said["assessment"]["screening"] = "complete"
        return said

    altered(page, "evaluate", complete)
    marks(page, "low_back left")
    assert "Enough is known to stop here" in page.locator("#questions").inner_text()
    assert page.locator("#questions article").count() == 0

    page.locator("[data-key=go-on]").click()
    assert page.locator("#questions article").count() == 3


def test_a_serious_hypothesis_that_nothing_decides_is_not_shown_as_an_alarm(opens: Opens) -> None:
    page = opens()
    shows(page, "cauda equina")
    for part in page.locator("[data-key=others] > summary").all():
        part.click()
    pills = page.locator(".hypothesis > summary .pill").evaluate_all(
        "all => all.map(one => [one.textContent, one.classList.contains('serious')])"
    )

    assert {status for status, serious in pills if serious} <= {"confirmed", "probable", "possible"}
    assert "undecided" in {status for status, _ in pills}


def test_what_could_count_names_a_place_as_pain_and_nothing_twice(opens: Opens) -> None:
    page = opens()
    shows(page, "facet label")
    lines = page.locator(".hypothesis p.quiet").all_text_contents()

    assert [line for line in lines if re.search(r"(\b[a-z]+), \1\b", line.lower())] == []


# --- the sheet for the patient ----------------------------------------------------------------------------------------


def handed(page: Page) -> None:
    page.locator("#save").click()
    page.get_by_role("button", name="Handout for the patient…").click()
    page.locator("#sheet-title", has_text="Handout").wait_for()


def test_the_handout_is_printed_alone_from_the_clinician_with_the_muscle_drawn(opens: Opens) -> None:
    page = opens()
    page.add_init_script("window.print = () => { window.printed = document.body.className; }")
    page.reload()
    page.wait_for_selector("body[data-answered]")
    shows(page, "facet label")
    handed(page)
    sheet = page.locator("#sheet .handout")
    page.get_by_label("Your name").fill("A. Smith, physiotherapist")

    assert "This sheet is from your clinician: A. Smith, physiotherapist" in sheet.inner_text()
    assert "the muscle at the side of the hip, on the left (gluteus medius)" in sheet.inner_text()
    assert "Come back at once if:" in sheet.inner_text()
    assert sheet.locator("figure svg").count() == 1
    assert sheet.locator("figure .belly").count() > 0
    page.get_by_role("button", name="Print the handout").click()
    assert page.evaluate("window.printed") == "handing"
    page.emulate_media(media="print")
    assert page.locator("#handout .handout").is_visible()
    assert page.locator("main").is_hidden()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#handout").inner_html() == ""
    assert page.locator("main").is_visible()


@pytest.mark.parametrize("example", ["cauda equina", "arm pain"])
def test_there_is_no_handout_while_a_red_flag_presses(opens: Opens, example: str) -> None:
    page = opens()
    shows(page, example)
    handed(page)

    assert "There is no handout while an emergency or urgent red flag stands" in page.locator("#sheet-body").inner_text()
    assert page.locator("#sheet .handout").count() == 0


def test_a_place_is_found_by_other_words_with_its_side(opens: Opens) -> None:
    page = opens()
    page.fill("#place", "lateral forearm right")
    after(page, page.locator("#add-place button").click)
    page.fill("#words", "lower back left")
    after(page, page.locator("[data-key='hit:place:low_back']").click)

    assert "Thumb side of forearm, right" in page.locator("#pains").inner_text()
    assert "Low back (lumbar), left" in page.locator("#pains").inner_text()
