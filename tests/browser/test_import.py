"""A custodian imports a file in the browser: columns, check, progress, result, undo; and takes a list out."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from models.exchange import running, service
from models.exchange.reading import open_table
from tests.browser.office import NOW, Office
from tests.browser.steps import follow, no_sideways

AT = "/records/customer/import"
FILE = (
    "客户代码,单位,联系电话,开业日,备用栏\n"
    "C-1,远山精密机械有限公司,021-55501234,03/04/2001,甲\n"
    "C-2,近水电子有限公司,0571-88800012,25/12/1998,乙\n"
    "C-3,坏电话公司,无,01/01/2001,丙\n"
    "C-4,=HYPERLINK(0),021-55501235,01/02/2001,丁\n"
)


def work() -> None:
    """What the scheduler would do."""
    for batch_id in service.at_work():
        running.advance(batch_id, holder="test", now=NOW)


def upload(window: Page, text: str = FILE) -> None:
    window.goto(AT)
    window.get_by_label("File").set_input_files(
        {"name": "customers.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}
    )
    follow(window.locator("main .btn-primary"))
    expect(window.locator("form[data-columns]")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 380])
def test_a_file_is_imported_and_taken_back(office: Office, width: int) -> None:
    window = office.window("custodian", width=width)
    upload(window)
    no_sideways(window)
    goes = window.get_by_label("Goes to: 单位")
    expect(goes).to_have_value("name")
    expect(window.get_by_label("Date order: 开业日")).to_have_value("dmy")
    expect(window.get_by_label("Date order: 单位")).to_be_hidden()
    window.get_by_label("Goes to: 备用栏").select_option("name")
    expect(goes).to_have_value("")
    goes.select_option("name")
    expect(window.get_by_label("Goes to: 备用栏")).to_have_value("")
    follow(window.get_by_role("button", name="Check every row"))
    expect(window.locator("[data-progress]")).to_be_visible()
    no_sideways(window)
    work()
    store = window.get_by_role("button", name="Store 3 rows")
    expect(store).to_be_visible()
    expect(window.locator("main")).to_contain_text("联系电话")
    expect(window.locator("main")).to_contain_text("A phone number has 5 to 20 digits")
    no_sideways(window)
    follow(store)
    expect(window.locator("[data-progress]")).to_be_visible()
    work()
    expect(window.locator(".import-sum")).to_contain_text("3 stored")
    no_sideways(window)
    window.get_by_role("button", name="Undo this import").click()
    follow(window.locator("#confirm [data-ask-yes]"))
    expect(window.locator("[data-progress]")).to_be_visible()
    work()
    expect(window.locator(".import-sum")).to_contain_text("3 taken back")


def test_the_refused_rows_come_back_as_a_file(office: Office, tmp_path: Path) -> None:
    window = office.window("custodian", language="zh")
    window.goto(AT)
    window.locator("#file").set_input_files({"name": "客户.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    follow(window.get_by_role("button", name="读取文件").or_(window.locator("main .btn-primary")).first)
    follow(window.locator(".save-bar .btn-primary"))
    expect(window.locator("[data-progress]")).to_be_visible()
    work()
    follow(window.locator(".save-bar .btn-primary"))
    expect(window.locator("[data-progress]")).to_be_visible()
    work()
    expect(window.locator(".import-sum")).to_be_visible()
    window.wait_for_load_state()  # a page on its way that is left for a file never comes whole
    with window.expect_download() as waiting:
        window.locator(".act-answers a[href$='format=xlsx']").click()
    kept = tmp_path / "back.xlsx"
    waiting.value.save_as(kept)
    with open_table(kept) as table:
        assert table.header[:2] == ["导入行号", "未导入原因"]
        assert [row.cells[3] for row in table.rows()] == ["坏电话公司"]


def test_a_list_is_taken_out_as_shown(office: Office, tmp_path: Path) -> None:
    window = office.window("custodian")
    window.goto("/records/customer/?name=contains:远山")
    window.locator(".page-tools").get_by_role("button", name="More").click()
    with window.expect_download() as waiting:
        window.get_by_role("button", name="Export as CSV").click()
    kept = tmp_path / "list.csv"
    waiting.value.save_as(kept)
    with open_table(kept) as table:
        assert [row.cells[1] for row in table.rows()] == ["远山精密机械有限公司"]


def test_a_file_that_is_none_is_told_where_it_was_chosen(office: Office) -> None:
    window = office.window("custodian")
    window.goto(AT)
    window.get_by_label("File").set_input_files(
        {"name": "photo.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n" + bytes(50)}
    )
    follow(window.get_by_role("button", name="Read the file"))
    expect(window.get_by_role("alert")).to_contain_text("a picture")
    expect(window.get_by_label("File")).to_be_visible()
