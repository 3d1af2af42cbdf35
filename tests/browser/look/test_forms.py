"""Forms: saving by key, nothing lost, embedded rows, references, errors."""

from __future__ import annotations

import json

from playwright.sync_api import Dialog, Page, expect

FOCUSED = "document.activeElement"


def sent(page: Page) -> dict[str, list[str]]:
    body: dict[str, list[str]] = json.loads(page.locator("body").inner_text())
    return body


def test_ctrl_s_saves_and_stays_with_revision_and_token(page: Page) -> None:
    page.goto("/form")
    page.locator("#g-basic summary").click()
    page.get_by_label("Company").fill("华东精密")
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    body = sent(page)
    assert (body["then"], body["rev"], body["token"]) == (["stay"], ["3"], ["once"])
    assert body["company"] == ["华东精密"]


def test_ctrl_enter_saves_and_opens_the_next(page: Page) -> None:
    page.goto("/form")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert sent(page)["then"] == ["next"]


def test_a_form_is_sent_once_however_often_the_button_is_pressed(page: Page) -> None:
    page.goto("/form")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    with page.expect_navigation():
        page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('[data-save=stay]').click()")
    assert len(posts) == 1


def test_leaving_with_unsaved_changes_is_asked_about(page: Page) -> None:
    page.goto("/form")
    page.locator("#g-people").get_by_label("Phone").first.fill("0512")
    expect(page.locator("[data-save-note]")).to_have_text("Not saved yet")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Cancel").click(no_wait_after=True)
    assert asked == ["beforeunload"]
    expect(page.locator("#g-people").get_by_label("Phone").first).to_have_value("0512")
    page.remove_listener("dialog", stay)
    page.on("dialog", lambda dialog: dialog.accept())


def test_rows_are_added_moved_and_removed_and_keep_running_numbers(page: Page) -> None:
    page.goto("/form")
    people = page.locator("#people-field")
    people.get_by_role("button", name="Add a row").click()
    assert page.evaluate(f"{FOCUSED}.name") == "people-2-name"
    page.keyboard.type("Sun")
    people.locator("[data-row]").nth(2).get_by_title("Move up").click()
    people.locator("[data-row]").nth(0).get_by_title("Remove").click()
    assert [box.input_value() for box in people.get_by_label("Name").all()] == ["Sun", "Wu"]
    assert [box.get_attribute("name") for box in people.get_by_label("Name").all()] == [
        "people-0-name",
        "people-1-name",
    ]
    page.get_by_role("button", name="Undo").click()
    assert [box.input_value() for box in people.get_by_label("Name").all()] == ["Zhou", "Sun", "Wu"]


def test_a_reference_is_chosen_by_keyboard_and_sends_the_number(page: Page) -> None:
    page.goto("/form")
    page.locator("#g-basic summary").click()
    box = page.get_by_role("combobox", name="Salesperson")
    expect(box).to_have_value("Wang Qiang")
    box.fill("ng")
    expect(page.get_by_role("option")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("Qingdao")
    expect(page.locator("#seller")).to_have_value("KH-2")
    box.fill("nowhere")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#seller")).to_have_value("nowhere")


def test_errors_open_their_group_and_lead_to_the_field(page: Page) -> None:
    page.goto("/form?bad=1")
    assert page.evaluate(f"{FOCUSED}.className") == "error-summary"
    page.get_by_role("alert").get_by_role("link", name="Company").click()
    expect(page.get_by_label("Company")).to_be_focused()


def test_a_refusal_asks_for_its_reason_before_it_is_sent(page: Page) -> None:
    page.goto("/act")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_label("Reason or note")).to_be_focused()
    page.keyboard.type("Not before the renewal")
    with page.expect_navigation():
        page.get_by_role("button", name="Refuse").click()
    body = sent(page)
    assert (body["_answer"], body["note"]) == (["refuse"], ["Not before the renewal"])


def test_a_list_whose_rows_are_all_removed_is_sent_as_empty(page: Page) -> None:
    page.goto("/form")
    people = page.locator("#people-field")
    people.get_by_title("Remove").first.click()
    people.get_by_title("Remove").first.click()
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    assert {name for name in sent(page) if name.startswith("people")} == {"people"}
